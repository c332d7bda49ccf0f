// Replay judges recordings again: traces as CSV and records as JSON (or the HTML
// report that holds one), each printed as one JSON object on a line of its own.
//
//	go run ./examples/replay [-limit 256MiB] [-rate 200] FILE…
//
// With -limit it tells when memory reaches it, at -rate requests per second or at the
// rate of the recording. A file that cannot be used is an error on stderr, and the
// exit code is 2 once the others are printed.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/docker/go-units"

	"github.com/memgate/memgate/profile/leak"
	"github.com/memgate/memgate/report"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// unusable is the exit code for a wrong command line and for files without a verdict.
const unusable = 2

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.SetOutput(stderr)
	limit := flags.String("limit", "", "memory limit to forecast, such as 256MiB")
	rate := flags.Float64("rate", 0, "requests per second of the forecast; 0 is the recording's own rate")
	if err := flags.Parse(args); err != nil {
		return unusable
	}
	var bytes int64
	if *limit != "" {
		var err error
		if bytes, err = units.RAMInBytes(*limit); err != nil || bytes <= 0 {
			fmt.Fprintf(stderr, "replay: -limit %q is not a size: write it as 256MiB\n", *limit)
			return unusable
		}
	}
	if *rate < 0 || flags.NArg() == 0 {
		fmt.Fprintln(stderr, "usage: replay [-limit 256MiB] [-rate 200] FILE…: traces (CSV) or records (JSON, HTML)")
		return unusable
	}
	return replay(flags.Args(), forecasting{uint64(bytes), *rate}, stdout, stderr)
}

func replay(files []string, f forecasting, stdout, stderr io.Writer) (code int) {
	out := json.NewEncoder(stdout)
	for _, file := range files {
		line, err := judge(file, f)
		if err == nil {
			err = out.Encode(line)
		}
		if err != nil {
			fmt.Fprintf(stderr, "replay: %s: %v\n", file, err)
			code = unusable
		}
	}
	return code
}

func judge(file string, f forecasting) (verdict, error) {
	in, err := os.Open(file)
	if err != nil {
		return verdict{}, err
	}
	defer func() { _ = in.Close() }()
	evidence, err := read(in)
	if err != nil {
		return verdict{}, err
	}
	trend := leak.Detect(evidence)
	line := inWords(file, trend)
	if f.limit > 0 {
		line.Forecast = f.of(evidence, trend)
	}
	return line, nil
}

// read tells a record from a trace by how it begins.
func read(in io.Reader) (leak.Evidence, error) {
	buffered := bufio.NewReader(in)
	start, _ := buffered.Peek(512)
	start = bytes.TrimLeft(start, "\ufeff \t\r\n")
	if !bytes.HasPrefix(start, []byte("{")) && !bytes.HasPrefix(start, []byte("<")) {
		return leak.ReadTrace(buffered)
	}
	record, err := report.Read(buffered)
	if err != nil {
		return leak.Evidence{}, err
	}
	return record.Evidence(), nil
}
