package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/memgate/memgate/internal/embedded"
	"github.com/memgate/memgate/internal/words"
)

// Bounds of a file that is read. A record of ten minutes at 100 Hz has 6 MB and 0.8
// million values. A value may take fifty times as much memory as its text.
const (
	largestRecord = 256 << 20 // bytes of JSON, or of HTML
	mostObjects   = 1 << 20
	mostValues    = 16 << 20
)

// JSON writes the record as one JSON object, to be read by [Read]. Keys are in snake
// case, durations in nanoseconds (keys ending in _ns), sizes in bytes, verdicts are
// words. The same record gives the same bytes. A number that is infinite or not a
// number is an error that names it. What looks like a secret is masked, as [Record.Mask] says.
func (r *Record) JSON(w io.Writer) error {
	now := r.masked()
	now.Schema = Schema
	wire := reflect.New(recordKeys)
	if err := carry(wire.Elem(), reflect.ValueOf(*now)); err != nil {
		return fmt.Errorf("write record %q: Record%w", r.Name, err)
	}
	if err := json.NewEncoder(w).Encode(wire.Interface()); err != nil {
		return fmt.Errorf("write record %q: %w", r.Name, err)
	}
	return nil
}

// Read reads a record that JSON or HTML wrote; an HTML file is known by its first byte.
// It reads at most 256 MiB of at most 16 Mi values (36 hours at 10 Hz). A file that is cut short, damaged, of a schema that this
// version does not know, or impossible in itself (samples that go back in time) is an
// error that says what is wrong and where.
func Read(rd io.Reader) (*Record, error) {
	data, err := readBounded(rd)
	if err == nil && bytes.HasPrefix(bytes.TrimLeft(data, "\ufeff \t\r\n"), []byte("<")) {
		data, err = embedded.Unpack(data, readBounded)
	}
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	r, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	return r, nil
}

func readBounded(rd io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(rd, largestRecord+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > largestRecord:
		return nil, fmt.Errorf("the file is larger than %d MiB: it is not one that this package wrote", largestRecord/words.Mib)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("the file is empty")
	}
	return data, nil
}

// required are the keys without which a file is not a record.
var required = []string{"schema", "name", "started", "phases", "load", "samples", "checks", "notes"}

func decode(data []byte) (*Record, error) {
	if n := bytes.Count(data, []byte("{")); n > mostObjects {
		return nil, fmt.Errorf("%d objects are more than the %d that a record may have", n, mostObjects)
	}
	if n := bytes.Count(data, []byte(",")); n > mostValues {
		return nil, fmt.Errorf("%d values are more than the %d that a record may have", n, mostValues)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return nil, inWords(err)
	}
	schema, err := checkParts(parts)
	if err != nil {
		return nil, err
	}
	if schema == 1 {
		if err := upgrade1(parts); err != nil {
			return nil, err
		}
		if data, err = json.Marshal(parts); err != nil {
			return nil, err
		}
	}
	wire := reflect.New(recordKeys)
	if err := json.Unmarshal(data, wire.Interface()); err != nil {
		return nil, inWords(err)
	}
	r := Record{}
	if err := carry(reflect.ValueOf(&r).Elem(), wire.Elem()); err != nil {
		return nil, err
	}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return &r, nil
}

func checkParts(parts map[string]json.RawMessage) (schema int, err error) {
	raw, ok := parts["schema"]
	if !ok {
		return 0, errors.New("no \"schema\": this is not a record")
	}
	if err := json.Unmarshal(raw, &schema); err != nil || schema < 1 || schema > Schema {
		return 0, fmt.Errorf("schema %.20s is not known, only those up to %d are: read it with the version of memgate that wrote it", raw, Schema)
	}
	var missing []string
	for _, key := range required {
		if _, ok := parts[key]; !ok {
			missing = append(missing, key)
		}
	}
	if missing != nil {
		return 0, fmt.Errorf("%s missing: the file is not whole", strings.Join(missing, ", "))
	}
	return schema, nil
}

// inWords says where JSON is wrong.
func inWords(err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("not JSON, or cut short, at byte %d: %w", e.Offset, err)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is a %s at byte %d, which is not what it holds in schema %d", e.Field, e.Value, e.Offset, Schema)
	}
	return err
}

// Validate finds what cannot have been measured.
func (r *Record) Validate() error {
	for i, p := range r.Phases {
		if p.From < 0 || p.To < p.From {
			return fmt.Errorf("phases[%d] lasts from %v to %v", i, p.From, p.To)
		}
	}
	var before time.Duration
	for i, s := range r.Samples {
		if s.At < before {
			return fmt.Errorf("samples[%d] was taken at %v, before the one at %v", i, s.At, before)
		}
		before = s.At
	}
	before = 0
	for i, f := range r.LiveHeaps {
		if f.At < before {
			return fmt.Errorf("live_heaps[%d] was read at %v, before the one at %v", i, f.At, before)
		}
		before = f.At
	}
	return nil
}
