// Command pubsub subscribes each poll to a topic and does not unsubscribe when it has been
// answered. https://pkg.go.dev/github.com/cskr/pubsub#PubSub.Sub: a subscription stays
// until Unsub.
package main

import (
	"fmt"
	"log"
	"net/http"
	_ "net/http/pprof"
	"time"

	"github.com/cskr/pubsub"
)

// poll waits for news of the topic for a moment.
func poll(news *pubsub.PubSub) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case item := <-news.Sub("prices"):
			fmt.Fprintln(w, item)
		case <-time.After(5 * time.Millisecond):
			fmt.Fprintln(w, "no news")
		}
	}
}

func main() {
	http.HandleFunc("/poll", poll(pubsub.New(16)))
	log.Fatal(http.ListenAndServe(":8080", nil))
}
