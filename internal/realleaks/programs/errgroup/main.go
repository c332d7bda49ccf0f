// Command errgroup starts a group below the context of the whole server for each request,
// and does not wait for it: the group's context is never cancelled, and stays a child of
// the server's, with what was to be done after it. https://pkg.go.dev/golang.org/x/sync/errgroup#WithContext, "cancelled the
// first time a function returns an error or the first time Wait returns".
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// pages are to be written again once their report is sent.
var pages sync.Pool

// app is the server with the context that ends it.
type app struct{ ctx context.Context }

func (a *app) report(w http.ResponseWriter, r *http.Request) {
	group, ctx := errgroup.WithContext(a.ctx)
	page := bytes.Repeat([]byte(r.URL.Query().Get("order")+"\n"), 100)
	context.AfterFunc(ctx, func() { pages.Put(&page) })
	group.Go(func() error { return send(ctx, page) })
	fmt.Fprintln(w, "will be reported")
}

func send(ctx context.Context, _ []byte) error { return ctx.Err() }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	http.HandleFunc("/report", (&app{ctx}).report)
	log.Print(http.ListenAndServe(":8080", nil))
}
