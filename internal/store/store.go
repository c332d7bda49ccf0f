package store

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

const (
	longestStem = 120 // bytes of a name that FileName makes: room for suffixes
	longestName = 200 // bytes of a file's name: room for the temporary name's suffix
)

// FileName makes a file's name, without extension, of a test's name: subtests are set
// off by dots, what is not a letter, a digit or one of ._-= in ASCII becomes "_". The
// result is never empty, hidden, an option or a device, and at most 120 bytes long.
// Names that differ only in what was replaced or cut differ in a hash at the end.
func FileName(test string) string {
	var b strings.Builder
	lossy := false
	for _, r := range test {
		switch {
		case r == '/':
			b.WriteByte('.')
		case allowed(r):
			b.WriteRune(r)
		default:
			b.WriteByte('_')
			lossy = true
		}
	}
	name := b.String()
	if trimmed := strings.TrimRight(name, "."); trimmed != name {
		name, lossy = trimmed, true
	}
	if name == "" || name[0] == '.' || name[0] == '-' || isDevice(name) {
		name = "_" + name
	}
	if lossy || len(name) > longestStem {
		sum := sha256.Sum256([]byte(test))
		name = name[:min(len(name), longestStem-9)] + "-" + hex.EncodeToString(sum[:4])
	}
	return name
}

func allowed(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-=", r)
}

// devices are names that Windows gives to devices, in any folder and with any extension.
var devices = []string{"con", "prn", "aux", "nul", "com", "lpt"}

func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	digitless := strings.TrimRight(stem, "0123456789")
	return slices.Contains(devices, stem) || len(stem)-len(digitless) == 1 && slices.Contains(devices[4:], digitless)
}

// CheckName says why a file may not have that name.
func CheckName(name string) error {
	switch {
	case name == "" || name[0] == '.' || name[0] == '-' || strings.HasSuffix(name, ".") || isDevice(name):
		return fmt.Errorf("file name %q is empty, hidden, an option or a device: make names with report.FileName", name)
	case len(name) > longestName:
		return fmt.Errorf("file name %.40q… has %d bytes, %d are allowed: make names with report.FileName", name, len(name), longestName)
	case strings.ContainsFunc(name, func(r rune) bool { return !allowed(r) }):
		return fmt.Errorf("file name %q may only hold ASCII letters, digits and ._-=: make names with report.FileName", name)
	}
	return nil
}

// WriteFile writes data as dir/name, as [WriteForm] does.
func WriteFile(dir, name string, data []byte) error {
	return WriteForm(dir, name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteForm writes what form writes (such as a Record's HTML method) as the file
// dir/name, readable by its owner only. A missing dir is made, for its owner only.
//
// The file is there whole or not at all: it is written under a temporary name, synced
// and renamed. On an error what was there before stays. Nothing outside dir is ever
// written to: a name with a separator, and one that is taken by something other than a
// plain file (a symbolic link, a pipe), are errors.
func WriteForm(dir, name string, form func(io.Writer) error) error {
	if err := CheckName(name); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	root, err := OpenFolder(dir)
	if err != nil {
		return fmt.Errorf("write report %s: %w", name, err)
	}
	defer root.Close()
	if err := WriteIn(root, name, form); err != nil {
		return fmt.Errorf("write report %s in %s: %w", name, dir, err)
	}
	return nil
}

// OpenFolder opens a folder for reports, made if it is missing.
func OpenFolder(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make its folder: %w", err)
	}
	return os.OpenRoot(dir)
}

// TemporaryName returns the name of a file that is to be renamed once it is whole.
func TemporaryName(name string) string { return name + "." + rand.Text()[:8] + ".tmp" }

// WriteIn writes a file in root, whole or not at all, over a plain file of that name.
func WriteIn(root *os.Root, name string, form func(io.Writer) error) error {
	switch info, err := root.Lstat(name); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("the name is taken by something that is no plain file (%s): remove it", info.Mode().Type())
	}
	temporary := TemporaryName(name)
	err := WriteNew(root, temporary, form)
	if err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		_ = root.Remove(temporary) // it may not have been made; the first error is the one to tell
	}
	return err
}

// WriteNew writes a file that must not be there yet, through to the disk.
func WriteNew(root *os.Root, name string, form func(io.Writer) error) (err error) {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 64<<10)
	if err := form(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Sync()
}
