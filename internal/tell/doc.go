// Package tell puts the facts of a record into words: the verdict in one sentence, call
// sites and retainers in lines, what happened besides. Failure messages, pages and
// comparisons take their sentences from here, so that one fact is told in one way.
package tell
