// Package profile says what memory did: samples of a target's memory over time,
// what its runtime said right after garbage collections, heap profiles and the
// growth between them, and the trend with its three-valued verdict.
//
// Everything here is a value or a pure function of values; nothing starts a
// container, sends a request or knows a testing.T.
package profile
