// Package embedded puts a file into an HTML page, and takes it out again.
package embedded

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Data is a file inside an HTML page, as the page's template writes it.
type Data struct {
	Encoding string `json:"encoding"` // always Encoding
	Record   string `json:"record"`   // the file, so encoded: nothing in it needs escaping
}

// Encoding is how a page holds the file.
const Encoding = "gzip+base64url"

// Marker stands before the data in a page.
const Marker = `<script type="application/json" id="record">`

// Pack encodes what write writes.
func Pack(write func(io.Writer) error) (*Data, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed) // a sixth larger than by default, and a third sooner
	if err != nil {
		return nil, err
	}
	if err := write(zip); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return &Data{Encoding, base64.RawURLEncoding.EncodeToString(packed.Bytes())}, nil
}

// Unpack finds the data in a page and returns the file. read reads the file, and bounds
// how much of it there may be.
func Unpack(page []byte, read func(io.Reader) ([]byte, error)) ([]byte, error) {
	_, after, found := bytes.Cut(page, []byte(Marker))
	inside, _, closed := bytes.Cut(after, []byte("</script>"))
	if !found || !closed {
		return nil, errors.New("no record is embedded in this HTML file, or the file is cut short")
	}
	var d *Data
	if err := json.Unmarshal(inside, &d); err != nil {
		return nil, damaged(err)
	}
	if d == nil || d.Encoding != Encoding {
		return nil, fmt.Errorf("the record in this HTML file is not encoded as %s: read it with the version of memgate that wrote it", Encoding)
	}
	packed, err := base64.RawURLEncoding.DecodeString(d.Record)
	if err != nil {
		return nil, damaged(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, damaged(err)
	}
	data, err := read(zip)
	if err != nil {
		return nil, damaged(err)
	}
	return data, nil
}

func damaged(err error) error { return fmt.Errorf("the record in this HTML file is damaged: %w", err) }
