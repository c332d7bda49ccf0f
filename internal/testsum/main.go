// Command testsum reads what go test -json writes, shows it as go test without -v would,
// and ends with how many tests were skipped because no container engine answers: a run
// that tested half must not look like one that tested all.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	s := summary{out: os.Stdout, said: map[string][]string{}}
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintf(os.Stderr, "testsum: %v\n", err)
		os.Exit(1)
	}
	if !s.close() {
		os.Exit(1)
	}
}

// event is what is read of a line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

// summary is a run of tests so far.
type summary struct {
	out     io.Writer
	said    map[string][]string // by package and test, until it ends
	skipped int                 // tests that need an engine
	failed  bool
}

func (s *summary) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("read events of go test: %w", err)
		}
	}
}

func (s *summary) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil { // of the compiler's, as a rule
		_, _ = fmt.Fprintf(s.out, "%s", line)
		return
	}
	of := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		s.hear(of, e)
	case "fail", "build-fail":
		s.failed = true
		s.tell(of)
	case "skip":
		if strings.Contains(strings.Join(s.said[of], ""), "reach container engine") {
			s.skipped++
		}
		delete(s.said, of)
	case "pass":
		delete(s.said, of)
	}
}

// hear keeps what a test says, and shows what a package does.
func (s *summary) hear(of string, e event) {
	switch {
	case e.Test == "" && (e.Output == "PASS\n" || e.Action == "output" && strings.HasPrefix(e.Output, "coverage:")):
	case e.Test == "":
		_, _ = fmt.Fprint(s.out, e.Output)
	case !strings.HasPrefix(e.Output, "=== "):
		s.said[of] = append(s.said[of], e.Output)
	}
}

func (s *summary) tell(of string) {
	for _, output := range s.said[of] {
		_, _ = fmt.Fprint(s.out, output)
	}
	delete(s.said, of)
}

// close says what was not tested, and returns whether the rest passed. What a test said
// that never ended, as in a panic, is shown.
func (s *summary) close() bool {
	for of := range s.said {
		s.tell(of)
	}
	if s.skipped > 0 {
		_, _ = fmt.Fprintf(s.out, "%d tests on containers were skipped: no container engine answers (start Docker, or set DOCKER_HOST; MEMTEST_REQUIRE_DOCKER=1 makes that a failure)\n", s.skipped)
	}
	return !s.failed
}
