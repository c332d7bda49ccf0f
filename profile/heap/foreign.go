package heap

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	pprof "github.com/google/pprof/profile"
)

// HeapURL reads the heap profiles of a target in another language than Go, from any URL
// that serves one: pprof's own format (as the pprof crate of Rust, pprof-nodejs and new
// versions of tcmalloc do), the text of gperftools and tcmalloc (…/pprof/heap), or
// jemalloc's text ("heap_v2", what prof.dump writes). It is as careful as [Pprof].
type HeapURL struct { //nolint:revive // users have this name in their tests
	URL     string        // of the profile itself; a user and password in it are sent as basic authentication
	Timeout time.Duration // bounds each fetch; default 10 s
	Client  *http.Client  // sends the requests; default: a client that uses no proxy

	// Name names the function at an offset in a binary of the target, "" if it is not
	// known; nil: none is.
	Name func(file string, offset uint64) string

	_ struct{}
}

// Heap fetches a profile and returns it in pprof's format, gzipped, with the values of
// live memory named as Go names them. Functions that neither the profile nor Name has a
// name for are called by their place in the binary: "orders+0x12e4", for addr2line.
func (h HeapURL) Heap(ctx context.Context) ([]byte, error) {
	var raw []byte
	err := (Pprof{URL: h.URL, Timeout: h.Timeout, Client: h.Client}).fetch(ctx, "", "", func(body io.Reader) error {
		data, err := io.ReadAll(io.LimitReader(body, maxRaw+1))
		if err != nil {
			return err
		}
		raw, err = asPprof(data, h.Name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("fetch heap profile: %w", err)
	}
	return raw, nil
}

// AsPprof returns a heap profile of any format that [HeapURL] reads as one that Growth does.
// What it may take is bounded, as in parsing a Go target's.
func AsPprof(raw []byte) ([]byte, error) { return asPprof(raw, nil) }

func asPprof(raw []byte, name func(file string, offset uint64) string) ([]byte, error) {
	head := raw[:min(len(raw), 64)]
	var p *pprof.Profile
	var err error
	switch {
	case len(raw) > maxRaw:
		return nil, fmt.Errorf("it is larger than %d MiB", maxRaw>>20)
	case bytes.HasPrefix(head, []byte("heap_v2/")):
		p, err = parseJemalloc(raw)
	case bytes.HasPrefix(head, []byte("heap profile:")):
		p, err = parseGperftools(raw)
	default:
		p, err = parseNamed(raw)
	}
	if err != nil {
		return nil, err
	}
	nameValues(p)
	nameFunctions(p, name)
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return nil, fmt.Errorf("the profile is damaged: %w", err)
	}
	if _, err := parseHeap(b.Bytes()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// What is allocated at most for a line of gperftools' text, for an address in it and for
// one that came before, in bytes, naming and writing them included.
// TestForeignTextStaysInBudget holds them to it.
const (
	textLineCost    = 1600
	textAddressCost = 1900
	textRepeatCost  = 100
)

// parseGperftools reads the text of gperftools and tcmalloc.
func parseGperftools(text []byte) (*pprof.Profile, error) {
	cost := bytes.Count(text, []byte("\n")) * textLineCost
	seen := map[string]bool{}
	for rest := text; cost <= maxParsed; {
		_, after, found := bytes.Cut(rest, []byte("0x"))
		if !found {
			break
		}
		digits := string(after[:min(len(after), 16)])
		if end := strings.IndexAny(digits, " \n"); end >= 0 {
			digits = digits[:end]
		}
		cost += textRepeatCost
		if !seen[digits] {
			seen[digits] = true
			cost += textAddressCost
		}
		rest = after
	}
	if cost > maxParsed {
		return nil, fmt.Errorf("parsing it would take more than %d MiB of memory: a larger interval of sampling makes it smaller", maxParsed>>20)
	}
	p, err := pprof.ParseData(text)
	if err != nil {
		return nil, fmt.Errorf("gperftools' text cannot be read: %w", err)
	}
	return p, nil
}

// parseNamed reads pprof's own format, whatever its values of live memory are called.
func parseNamed(raw []byte) (*pprof.Profile, error) {
	var first error
	for _, k := range []kind{heapKind, {"a heap profile", "space", "objects"}, {"a heap profile", "inuse_space", "inuse_space"}, {"a heap profile", "space", "space"}} {
		p, err := parse(raw, k)
		if err == nil {
			return p.Profile, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// nameValues calls live memory inuse_space and inuse_objects; where objects are not
// counted, they are 0.
func nameValues(p *pprof.Profile) {
	objects := false
	for _, t := range p.SampleType {
		switch t.Type {
		case "space":
			t.Type = "inuse_space"
		case "objects":
			t.Type = "inuse_objects"
		}
		objects = objects || t.Type == "inuse_objects"
	}
	if objects {
		return
	}
	p.SampleType = append(p.SampleType, &pprof.ValueType{Type: "inuse_objects", Unit: "count"})
	for _, s := range p.Sample {
		s.Value = append(s.Value, 0)
	}
}

// nameFunctions gives a name to every address that has none: by known, if that is not nil
// and knows it, or else its place in its binary. The latter have no SystemName: placeOf
// knows them by that.
func nameFunctions(p *pprof.Profile, known func(file string, offset uint64) string) {
	named := map[string]*pprof.Function{}
	for _, l := range p.Location {
		if len(l.Line) > 0 {
			continue
		}
		name, symbol, file := "0x"+strconv.FormatUint(l.Address, 16), "", ""
		if m := mappingOf(p, l); m != nil {
			l.Mapping, file = m, m.File
			offset := l.Address - m.Start + m.Offset
			name = placeName(file, offset)
			if known != nil {
				symbol = known(file, offset)
				name = cmp.Or(symbol, name)
			}
		}
		f := named[name]
		if f == nil {
			f = &pprof.Function{ID: uint64(len(p.Function) + 1), Name: name, SystemName: symbol, Filename: file}
			named[name] = f
			p.Function = append(p.Function, f)
		}
		l.Line = []pprof.Line{{Function: f}}
	}
	for i, f := range p.Function {
		f.ID = uint64(i + 1)
	}
}

// placeName returns what is called by its place in a binary: "orders+0x12e4".
func placeName(file string, offset uint64) string {
	return path.Base(file) + "+0x" + strconv.FormatUint(offset, 16)
}

func mappingOf(p *pprof.Profile, l *pprof.Location) *pprof.Mapping {
	if l.Mapping != nil {
		return l.Mapping
	}
	for _, m := range p.Mapping {
		if l.Address >= m.Start && l.Address < m.Limit && m.File != "" {
			return m
		}
	}
	return nil
}

var errNoSamples = errors.New("it has no stacks: is profiling switched on in the target (jemalloc: MALLOC_CONF=prof:true)?")
