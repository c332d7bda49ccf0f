package cgroup

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// parseGroups reads /proc/PID/cgroup: the path of the process's group by controller,
// with "" for the one of cgroup v2. Lines are "4:memory:/docker/1f0c" and "0::/x".
func parseGroups(data []byte) (map[string]string, error) {
	groups := map[string]string{}
	for line := range bytes.Lines(data) {
		parts := strings.SplitN(strings.TrimSuffix(string(line), "\n"), ":", 3)
		if len(parts) != 3 || !strings.HasPrefix(parts[2], "/") {
			return nil, fmt.Errorf("line %.80q is not of the form number:controllers:/path", line)
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			groups[controller] = parts[2]
		}
	}
	return groups, nil
}

// mount is a mounted cgroup file system.
type mount struct {
	root        string // the group that is mounted: "/", except in a container
	point       string // where it is mounted
	v2          bool
	controllers []string // of v1, among other options
}

// holds tells whether the mount has that v1 controller, or with "" whether it is v2.
func (m mount) holds(controller string) bool {
	if controller == "" {
		return m.v2
	}
	return !m.v2 && slices.Contains(m.controllers, controller)
}

// below returns the path of the group from where the mount begins.
func (m mount) below(group string) (string, bool) {
	if m.root == "/" {
		return group, true
	}
	rest, ok := strings.CutPrefix(group, m.root)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// parseMounts reads the cgroup mounts of /proc/self/mountinfo, the latest first,
// because it hides those before it. A line is, with any number of tags before the
// dash: "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory".
func parseMounts(data []byte) ([]mount, error) {
	var mounts []mount
	for line := range bytes.Lines(data) {
		before, after, ok := strings.Cut(string(line), " - ")
		where, what := strings.Fields(before), strings.Fields(after)
		if !ok || len(where) < 5 || len(what) == 0 {
			return nil, fmt.Errorf("line %.80q is not a mount", line)
		}
		m := mount{root: unescape(where[3]), point: unescape(where[4]), v2: what[0] == "cgroup2"}
		if what[0] == "cgroup" && len(what) > 2 {
			m.controllers = strings.Split(what[2], ",")
		}
		if m.v2 || m.controllers != nil {
			mounts = append(mounts, m)
		}
	}
	slices.Reverse(mounts)
	return mounts, nil
}

// unescape undoes the kernel's \040 for blanks and the like.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if octal, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(octal))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
