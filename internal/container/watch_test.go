package container

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/memtest/target"
)

// script is an engine that answers as a test wants it to. Requests for which it has
// no answer wait until the client goes away.
type script struct {
	wait, events, inspect func(w http.ResponseWriter, r *http.Request)
}

var versioned = regexp.MustCompile(`^/v[0-9.]+`)

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	answer := func(http.ResponseWriter, *http.Request) {}
	switch versioned.ReplaceAllString(r.URL.Path, "") {
	case "/containers/x/wait":
		answer = s.wait
	case "/events":
		answer = s.events
	case "/containers/x/json":
		answer = s.inspect
	}
	if answer == nil {
		<-r.Context().Done()
		return
	}
	answer(w, r)
}

// say answers with a text at once.
func say(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, text) }
}

// later answers headers at once and a text after a while, then keeps the stream open.
func later(d time.Duration, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w)
		_ = flush.Flush()
		time.Sleep(d)
		fmt.Fprintln(w, text)
		_ = flush.Flush()
		<-r.Context().Done()
	}
}

// watched follows container x of a scripted engine until it ends.
func watched(t *testing.T, s script) *watch {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	cli, err := client.New(client.WithHost("tcp://" + srv.Listener.Addr().String()))
	require.NoError(t, err)
	w, life := (&engine{Client: cli}).newWatch(t.Context(), "x")
	w.follow(life)
	t.Cleanup(func() {
		w.stop()
		_ = cli.Close()
	})
	return w
}

func exitOf(t *testing.T, w *watch) target.Exit {
	t.Helper()
	select {
	case <-w.done:
		return <-w.out
	case <-time.After(5 * time.Second):
		t.Fatal("the end was not noticed")
		return target.Exit{}
	}
}

const (
	oomEvent  = `{"Type":"container","Action":"oom","Actor":{"ID":"x"}}`
	deadByAll = `{"Id":"x","State":{"Status":"exited","OOMKilled":true,"ExitCode":137}}`
	killed    = `{"Id":"x","State":{"Status":"exited","ExitCode":137}}`
)

func TestWatchNeedsAWitness(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script script
		want   target.Exit
	}{
		{"inspect says so", script{wait: say(`{"StatusCode":137}`), inspect: say(deadByAll)},
			target.Exit{Code: 137, OOMKilled: true, Witness: "inspect"}},
		{"Podman's inspect denies it, the event comes late", script{wait: say(`{"StatusCode":137}`), inspect: say(killed), events: later(100*time.Millisecond, oomEvent)},
			target.Exit{Code: 137, OOMKilled: true, Witness: "oom event"}},
		{"both", script{wait: later(200*time.Millisecond, `{"StatusCode":1}`), inspect: say(deadByAll), events: later(0, oomEvent)},
			target.Exit{Code: 1, OOMKilled: true, Witness: "inspect, oom event"}},
		{"exit code 137 alone", script{wait: say(`{"StatusCode":137}`), inspect: say(killed)},
			target.Exit{Code: 137}},
		{"restart policy", script{wait: later(100*time.Millisecond, `{"StatusCode":0}`), events: later(0, `{"Type":"container","Action":"die","Actor":{"ID":"x","Attributes":{"exitCode":"2"}}}`), inspect: say(`{"Id":"x","RestartCount":1,"State":{"Running":true}}`)},
			target.Exit{Code: 2, Revived: true, Witness: "its restart policy revived it: a target that is judged must not have one"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			exit := exitOf(t, watched(t, tt.script))
			assert.Equal(t, tt.want, exit)
		})
	}
}

func TestWatchOutlivesTheEnginesRestart(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	exit := exitOf(t, watched(t, script{
		wait: func(w http.ResponseWriter, r *http.Request) {
			switch asked.Add(1) {
			case 1:
				panic(http.ErrAbortHandler)
			case 2:
				http.Error(w, `{"message":"starting"}`, http.StatusServiceUnavailable)
			default:
				say(`{"StatusCode":2}`)(w, r)
			}
		},
		events:  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		inspect: say(`{"Id":"x","State":{"Status":"exited","ExitCode":2}}`),
	}))
	assert.Equal(t, 2, exit.Code)
}

func TestWatchOfARemovedContainer(t *testing.T) {
	t.Parallel()
	exit := exitOf(t, watched(t, script{wait: func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"message":"No such container: x"}`, http.StatusNotFound)
	}}))
	assert.Equal(t, -1, exit.Code)
	assert.Contains(t, exit.Error(), "somebody removed")
}

func TestWatchBeginsThoughEventsHangAndStops(t *testing.T) {
	t.Parallel()
	began := time.Now()
	w := watched(t, script{})
	assert.Less(t, time.Since(began), 2*time.Second)
	stopped := make(chan struct{})
	go func() { w.stop(); close(stopped) }()
	select {
	case <-stopped:
	case <-time.After(5 * time.Second):
		t.Fatal("the watch did not stop")
	}
	select {
	case <-w.done:
		t.Fatal("to be stopped is not to exit")
	default:
	}
}
