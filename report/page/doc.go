// Package page writes a record for people: [HTML], [Markdown], [Text], and what a CI
// shows ([Annotations], [Attributes]).
//
// A page is one file that asks nothing of the network, and holds the record itself for
// report.Read. All text in it is escaped by context: nothing that a target wrote is
// trusted. Comparisons have their own forms, in package compare.
package page
