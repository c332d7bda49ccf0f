package memtest

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// secretsOf returns the values that no report may show: those of the target's environment,
// which vars has as "NAME=value", that are secrets by their name or look like some, of the test's own that are by their
// name, and of the load's credential headers.
func secretsOf(s Scenario, vars []string) []string {
	var secrets []string
	if image, ok := s.Target.(Image); ok { // a target that ended before it was ready has told nothing of itself
		for name, value := range image.Env {
			vars = append(slices.Clip(vars), name+"="+value)
		}
	}
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		if secretName.MatchString(name) || looksRandom(value) {
			secrets = append(secrets, value)
		}
		secrets = append(secrets, userinfo(value)...)
	}
	for _, v := range os.Environ() {
		if name, value, _ := strings.Cut(v, "="); secretName.MatchString(name) && len(value) >= 8 {
			secrets = append(secrets, value)
		}
	}
	schedule, _ := s.Load.Schedule() // a run that was not made has nothing to hide
	for _, r := range schedule.Requests {
		secrets = append(secrets, headerSecrets(r.Header)...)
		secrets = append(secrets, querySecrets(r.Path)...)
	}
	return secrets
}

var secretName = regexp.MustCompile(`(?i)pass|pwd|secret|token|key|auth|cred|cookie|session|dsn|signature`)

// looksRandom tells a value that may be a secret, whatever its name, from one that is
// a word, a number, a path or a host.
func looksRandom(value string) bool {
	return len(value) >= 12 && !strings.ContainsAny(value, "/ ,") && strings.ContainsAny(value, "0123456789") &&
		strings.ContainsFunc(value, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' })
}

// userinfo returns the password in a URL, and what its query holds.
func userinfo(value string) []string {
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" {
		return nil
	}
	found := querySecrets(value)
	if password, ok := u.User.Password(); ok {
		found = append(found, password)
	}
	return found
}

// querySecrets returns the values of a query whose names say that they are secret.
func querySecrets(path string) []string {
	_, query, _ := strings.Cut(path, "?")
	values, _ := url.ParseQuery(query)
	var found []string
	for name, all := range values {
		if secretName.MatchString(name) {
			found = append(found, all...)
		}
	}
	return found
}

// headerSecrets returns the values of all headers but those that say what is sent.
func headerSecrets(h http.Header) []string {
	var found []string
	for name, values := range h {
		switch http.CanonicalHeaderKey(name) {
		case "Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "Content-Encoding", "Host", "User-Agent", "Connection", "Cache-Control":
			continue
		}
		for _, v := range values {
			found = append(found, v)
			if _, credentials, ok := strings.Cut(v, " "); ok {
				found = append(found, credentials)
			}
		}
	}
	return found
}
