package load

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestValidate(t *testing.T) {
	good := func(change func(*Plan)) Plan {
		p := Plan{Requests: Get("/"), Rate: 1, Duration: time.Second}
		change(&p)
		return p
	}
	request := func(r Request) Plan {
		return good(func(p *Plan) { p.Requests = append(Get("/"), r) })
	}
	for _, tt := range []struct {
		name string
		plan Plan
		want string // "" if valid
	}{
		{"least", good(func(*Plan) {}), ""},
		{"slow", good(func(p *Plan) { p.Rate = 0.1 }), ""},
		{"each", good(func(p *Plan) { p.Requests, p.Each = nil, func(uint64) Request { panic("not called") } }), ""},
		{"nothing", good(func(p *Plan) { p.Requests = nil }), `nothing to send: set Requests, such as load.Get("/"), or Each`},
		{"both", good(func(p *Plan) { p.Each = func(uint64) Request { return Request{} } }), "both Requests and Each are set: choose one"},
		{"no rate", good(func(p *Plan) { p.Rate = 0 }), "rate 0/s: set Rate to requests per second, above 0"},
		{"rate below 0", good(func(p *Plan) { p.Rate = -1 }), "rate -1/s: set Rate"},
		{"rate NaN", good(func(p *Plan) { p.Rate = math.NaN() }), "rate NaN/s: set Rate"},
		{"rate infinite", good(func(p *Plan) { p.Rate = math.Inf(1) }), "set Rate to at most 100000"},
		{"rate too large", good(func(p *Plan) { p.Rate = 1e6 }), "rate 1e+06/s is more than one process can send"},
		{"no duration", good(func(p *Plan) { p.Duration = 0 }), "duration 0s: set Duration, such as time.Minute"},
		{"duration below 0", good(func(p *Plan) { p.Duration = -time.Second }), "duration -1s"},
		{"timeout below 0", good(func(p *Plan) { p.Timeout = -1 }), "set Timeout above 0, or leave it out for 10s"},
		{"workers below 0", good(func(p *Plan) { p.MaxWorkers = -1 }), "set MaxWorkers to 1 up to 2048, or leave it out for 512"},
		{"too many workers", good(func(p *Plan) { p.MaxWorkers = 3000 }), "3000 workers"},
		{"query", request(Request{Path: "/a?b=c&d=%20"}), ""},
		{"own method", request(Request{Path: "/", Method: "PURGE"}), ""},
		{"no path", request(Request{}), `request 2 of 2: path "": start it with "/"`},
		{"relative path", request(Request{Path: "x"}), `path "x": start it with "/"`},
		{"authority trick", request(Request{Path: "@elsewhere.test/"}), `start it with "/"`},
		{"whole URL", request(Request{Path: "http://elsewhere.test/"}), "a load never leaves its target"},
		{"space", request(Request{Path: "/a b"}), "escape it, a space as %20"},
		{"line break", request(Request{Path: "/a\nb"}), "control character"},
		{"bad escape", request(Request{Path: "/50%"}), `path "/50%": invalid URL escape "%": write a percent sign as %25`},
		{"bad method", request(Request{Path: "/", Method: "G T"}), `method "G T" cannot be sent: set Method`},
		{"tunnel", request(Request{Path: "/", Method: "CONNECT"}), `method "CONNECT" cannot be sent`},
		{"weight below 0", request(Request{Path: "/", Weight: -1}), "weight -1: set Weight to 0 (which means 1) up to 1000000"},
		{"weight too large", request(Request{Path: "/", Weight: 1e7}), "weight 10000000"},
		{"header", request(Request{Path: "/", Header: http.Header{"X-A": {"b\tc"}}}), ""},
		{"header name", request(Request{Path: "/", Header: http.Header{"X A": {"b"}}}), `header "X A": use letters`},
		{"header value", request(Request{Path: "/", Header: http.Header{"X-A": {"b\r\nX-B: c"}}}), "header X-A has a line break"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.plan.validate()
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.True(t, strings.HasPrefix(err.Error(), "load plan: "), err)
		})
	}
}

func TestPlanTellsWhatItPlans(t *testing.T) {
	schedule, err := Plan{Rate: 0.5, Duration: time.Minute}.Schedule()
	assert.Equal(t, Schedule{Rate: 0.5, Duration: time.Minute}, schedule)
	assert.True(t, schedule.Known())
	assert.Error(t, err, "it has nothing to send")
	assert.False(t, Schedule{Rate: 1}.Known())
}

func TestDefaults(t *testing.T) {
	p := Plan{}.withDefaults()
	assert.Equal(t, 10*time.Second, p.Timeout)
	assert.Equal(t, 512, p.MaxWorkers)
	assert.NotNil(t, p.Dial)
	p = Plan{Timeout: 1, MaxWorkers: 1}.withDefaults()
	assert.Equal(t, time.Duration(1), p.Timeout)
	assert.Equal(t, 1, p.MaxWorkers)
}

func TestWeightsAreExactAndSpreadOut(t *testing.T) {
	for _, tt := range []struct {
		weights []int
		want    string
	}{
		{[]int{0, 0, 0}, "abcabcabc"},
		{[]int{5, 1, 1}, "aabacaaaabacaa"},
		{[]int{1, 3}, "babbbabb"[:8]},
	} {
		var requests []Request
		for i, w := range tt.weights {
			requests = append(requests, Request{Path: "/" + string(rune('a'+i)), Weight: w})
		}
		s := newSource(Plan{Requests: requests}, new(Meter))
		var got strings.Builder
		for range tt.want {
			r, err := s.next()
			require.NoError(t, err)
			got.WriteString(r.Path[1:])
		}
		assert.Equal(t, tt.want, got.String(), "weights %v", tt.weights)
	}
}

// FuzzRequest: what validate lets pass can be sent, and only to the target.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/a?b#c", "X-A", "b")
	f.Add("", "//elsewhere.test/", "Host", "x")
	f.Add("CONNECT", "/%zz", ":", "\x00")
	f.Fuzz(func(t *testing.T, method, path, name, value string) {
		r := Request{Method: method, Path: path, Header: http.Header{name: {value}}}
		if r.validate() != nil {
			return
		}
		req, err := http.NewRequest(r.method(), "http://target.test:80"+r.Path, nil)
		require.NoError(t, err)
		assert.Equal(t, "target.test:80", req.URL.Host)
	})
}
