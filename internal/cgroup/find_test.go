package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/memgate/memgate/profile"
)

const (
	v1Mounts = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" +
		"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
		"35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n" +
		"39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
	hybridMount = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	v2Mount     = "30 23 0:27 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n"
	listed      = "4242\n"
)

// tree is a machine with those files; a name that ends in / is a folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "proc/self"), 0o700))
	for name, content := range files {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o700))
		write(t, content, root, name)
	}
	return root
}

// findCase is a machine with one process, and where its group is.
type findCase struct {
	cgroup, mounts string   // of /proc
	files          []string // which hold "1"
	procs          string   // the folder whose cgroup.procs lists the process
	id             string
	want           Dir
}

func TestFind(t *testing.T) {
	docker := "/docker/" + container
	scope := "/system.slice/docker-" + container + ".scope"
	user := "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + container + ".scope"
	libpod := "/machine.slice/libpod-" + container + ".scope"
	kube := "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1f_2.slice/cri-containerd-" + container + ".scope"
	for name, c := range map[string]findCase{
		"v1 docker": {
			"8:pids:" + docker + "\n4:memory:" + docker + "\n1:cpu,cpuacct:" + docker + "\n0::/\n", v1Mounts + hybridMount,
			[]string{"/sys/fs/cgroup/memory" + docker + "/memory.usage_in_bytes", "/sys/fs/cgroup/cpu,cpuacct" + docker + "/cpu.stat", "/sys/fs/cgroup/pids" + docker + "/pids.current"},
			"/sys/fs/cgroup/memory" + docker, container,
			Dir{Version: 1, Memory: "/sys/fs/cgroup/memory" + docker, CPU: "/sys/fs/cgroup/cpu,cpuacct" + docker, Pids: "/sys/fs/cgroup/pids" + docker},
		},
		"v1, other controllers elsewhere": {
			"8:pids:/\n4:memory:/mine\n1:cpu,cpuacct:/other\n", v1Mounts,
			[]string{"/sys/fs/cgroup/memory/mine/memory.usage_in_bytes", "/sys/fs/cgroup/cpu,cpuacct/other/cpu.stat", "/sys/fs/cgroup/pids/mine/pids.current", "/sys/fs/cgroup/cpu,cpuacct/mine/cpu.stat"},
			"/sys/fs/cgroup/memory/mine", "", Dir{Version: 1, Memory: "/sys/fs/cgroup/memory/mine"},
		},
		"v2 docker":         v2Case(docker, docker, container, v2Mount, "/sys/fs/cgroup"),
		"v2 systemd":        v2Case(scope, scope, container, v2Mount, "/sys/fs/cgroup"),
		"v2 rootless":       v2Case(user, user, container, v2Mount, "/sys/fs/cgroup"),
		"v2 podman":         v2Case(libpod+"/container", libpod, container, v2Mount, "/sys/fs/cgroup"),
		"v2 kubernetes":     v2Case(kube, kube, container, v2Mount, "/sys/fs/cgroup"),
		"v2 nested engine":  v2Case("/docker/0a1b"+docker+"/init", "/docker/0a1b"+docker, container, v2Mount, "/sys/fs/cgroup"),
		"v2 any":            v2Case("/my.slice/app", "/my.slice/app", "", v2Mount, "/sys/fs/cgroup"),
		"v2 on hybrid":      v2Case(docker, docker, container, hybridMount, "/sys/fs/cgroup/unified"),
		"v2 mount in blank": v2Case(docker, docker, container, `30 23 0:27 / /a\040b rw - cgroup2 none rw`+"\n", "/a b"),
		"v2 colon in path":  v2Case("/a:b", "/a:b", "", v2Mount, "/sys/fs/cgroup"),
		"v2 part mounted":   v2Case(docker, "", container, "30 23 0:27 "+docker+" /cg rw - cgroup2 none rw\n", "/cg"),
		"v2 mounted twice":  v2Case(docker, docker, container, v2Mount+"31 23 0:27 / /second rw - cgroup2 none rw\n", "/second"),
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{
				"proc/4242/cgroup": c.cgroup, "proc/self/mountinfo": c.mounts, c.procs + "/cgroup.procs": "17\n4242\n",
			}
			for _, f := range c.files {
				files[f] = "1\n"
			}
			root := tree(t, files)
			got, err := find(root, pid, c.id)
			require.NoError(t, err)
			want := Dir{Version: c.want.Version, Host: filepath.Join(root, "/proc/pressure/memory")}
			want.Memory = filepath.Join(root, c.want.Memory)
			if c.want.CPU != "" {
				want.CPU, want.Pids = filepath.Join(root, c.want.CPU), filepath.Join(root, c.want.Pids)
			}
			assert.Equal(t, want, got)
		})
	}
}

// v2Case is a process in own, of which the group at sampled is to be read.
func v2Case(own, sampled, id, mounts, point string) findCase {
	dir := point + sampled
	procs := point + own
	if sampled == "" { // only the group itself is mounted
		procs = point
	}
	return findCase{"0::" + own + "\n", mounts, []string{dir + "/memory.current"}, procs, id, Dir{Version: 2, Memory: dir, CPU: dir, Pids: dir}}
}

func TestFindSaysWhyNot(t *testing.T) {
	docker := "/docker/" + container
	memory := "sys/fs/cgroup" + docker + "/memory.current"
	procs := "sys/fs/cgroup" + docker + "/cgroup.procs"
	for name, c := range map[string]struct {
		files map[string]string
		id    string
		want  string
	}{
		"private namespace": {map[string]string{"proc/4242/cgroup": "0::/../..\n"}, "",
			"/proc/4242/cgroup shows /../..: private cgroup namespace: run the test on the engine's host"},
		"neighbour in a private namespace": {map[string]string{"proc/4242/cgroup": "0::/../" + container + "\n"}, container, "private cgroup namespace"},
		"another kernel": {map[string]string{"proc/4242/cgroup": "0::/init.scope\n"}, container,
			"the path /init.scope does not name the container 3f1c9a6be2d4: the engine does not share this kernel"},
		"no controller in /proc":   {map[string]string{"proc/4242/cgroup": "1:cpu:/x\n"}, "", "names no memory controller: boot the kernel with it"},
		"nothing in /proc":         {map[string]string{"proc/4242/cgroup": ""}, "", "names no memory controller"},
		"no mount":                 {map[string]string{"proc/self/mountinfo": ""}, container, "not below any cgroup mount that is visible here"},
		"another part is mounted":  {map[string]string{"proc/self/mountinfo": "30 23 0:27 /docker/3f /sys/fs/cgroup rw - cgroup2 none rw\n"}, container, "not below any cgroup mount"},
		"only v1 mounts":           {map[string]string{"proc/self/mountinfo": v1Mounts}, container, "not below any cgroup mount"},
		"no memory controller":     {map[string]string{memory: ""}, container, "no memory controller: " + docker + " has no memory.current"},
		"empty cgroup.procs":       {map[string]string{procs: "\n"}, container, "cgroup.procs is empty: the processes are in another cgroup"},
		"process not listed":       {map[string]string{procs: "424\n42420\n"}, container, "does not list the process"},
		"no mountinfo":             {map[string]string{"proc/self/mountinfo": "-"}, container, "mountinfo"},
		"garbage in /proc":         {map[string]string{"proc/4242/cgroup": "hello\n"}, container, `line "hello\n" is not of the form`},
		"relative path in /proc":   {map[string]string{"proc/4242/cgroup": "0::docker\n"}, container, "is not of the form"},
		"garbage in mountinfo":     {map[string]string{"proc/self/mountinfo": "hello\n"}, container, `line "hello\n" is not a mount`},
		"mountinfo line cut short": {map[string]string{"proc/self/mountinfo": "30 23 0:27 / - cgroup2\n"}, container, "is not a mount"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{
				"proc/4242/cgroup": "0::" + docker + "\n", "proc/self/mountinfo": v2Mount, procs: listed, memory: "1\n",
			}
			for f, content := range c.files {
				files[f] = content
				if f == memory || content == "-" {
					delete(files, f)
				}
			}
			_, err := find(tree(t, files), pid, c.id)
			assert.ErrorContains(t, err, c.want)
			unseen, ok := errors.AsType[*UnseenError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, pid, unseen.Pid)
			assert.NotErrorIs(t, err, profile.ErrGone)
		})
	}
}

func TestFindSaysThatTheProcessIsGone(t *testing.T) {
	root := tree(t, map[string]string{"proc/4242/cgroup": "0::/docker/" + container + " (deleted)\n", "proc/self/mountinfo": v2Mount})
	_, err := find(root, 17, "")
	assert.ErrorIs(t, err, profile.ErrGone)
	assert.ErrorContains(t, err, "no process 17 here")
	_, err = find(root, pid, container)
	assert.ErrorIs(t, err, profile.ErrGone)
	assert.ErrorContains(t, err, "has been removed")
}

func TestFindWithoutProcIsUnseen(t *testing.T) {
	_, err := find(t.TempDir(), pid, "")
	_, ok := errors.AsType[*UnseenError](err)
	assert.True(t, ok, "%v", err)
	assert.ErrorContains(t, err, "there is no /proc: this is not Linux, or it is not mounted")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzParseGroups(f *testing.F) {
	f.Add([]byte("9:name=systemd:/\n4:memory:/docker/1f0c\n1:cpu,cpuacct:/a:b\n0::/\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		groups, err := parseGroups(data)
		for _, group := range groups {
			require.NoError(t, err)
			require.Equal(t, byte('/'), group[0])
		}
	})
}

func FuzzParseMounts(f *testing.F) {
	f.Add([]byte(v1Mounts + v2Mount + `30 23 0:27 / /a\040b rw - cgroup2 none rw` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		mounts, err := parseMounts(data)
		for _, m := range mounts {
			require.NoError(t, err)
			m.holds("memory")
			m.below("/docker/1f0c")
		}
	})
}
