package report

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// embedded is a record inside an HTML file.
type embedded struct {
	Encoding string `json:"encoding"` // always gzipBase64
	Record   string `json:"record"`   // the JSON form, so encoded: nothing in it needs escaping
}

const gzipBase64 = "gzip+base64url"

// embeddedIn is where the template puts it.
const embeddedIn = `<script type="application/json" id="record">`

func embed(r *Record) (*embedded, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed) // a sixth larger than by default, and a third sooner
	if err != nil {
		return nil, err
	}
	if err := r.JSON(zip); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return &embedded{gzipBase64, base64.RawURLEncoding.EncodeToString(packed.Bytes())}, nil
}

// recordInHTML is the JSON form that embed put into a page.
func recordInHTML(page []byte) ([]byte, error) {
	_, after, found := bytes.Cut(page, []byte(embeddedIn))
	inside, _, closed := bytes.Cut(after, []byte("</script>"))
	if !found || !closed {
		return nil, errors.New("no record is embedded in this HTML file, or the file is cut short")
	}
	var e *embedded
	if err := json.Unmarshal(inside, &e); err != nil {
		return nil, fmt.Errorf("the record in this HTML file is damaged: %w", err)
	}
	if e == nil || e.Encoding != gzipBase64 {
		return nil, fmt.Errorf("the record in this HTML file is not encoded as %s: read it with the version of memgate that wrote it", gzipBase64)
	}
	packed, err := base64.RawURLEncoding.DecodeString(e.Record)
	if err != nil {
		return nil, fmt.Errorf("the record in this HTML file is damaged: %w", err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("the record in this HTML file is damaged: %w", err)
	}
	data, err := readBounded(io.Reader(zip))
	if err != nil {
		return nil, fmt.Errorf("the record in this HTML file is damaged: %w", err)
	}
	return data, nil
}
