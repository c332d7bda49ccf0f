package report

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/memgate/memgate/profile/heap"
	"github.com/memgate/memgate/profile/leak"
)

// masked stands where a secret was.
const masked = "•••"

// Mask takes what looks like a secret out of every text of the record: passwords and
// queries in URLs, headers such as Authorization and Cookie, values of keys such as
// password and token, keys whose form is known. All forms do that by themselves; Mask
// also takes out the given values, wherever they stand. Values of less than four bytes
// are left alone, since they would be found in other words.
func (r *Record) Mask(secrets ...string) {
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return len(s) < shortestSecret })
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // the longest first: it may hold others
	pairs := make([]string, 0, 2*len(secrets))
	for _, s := range secrets {
		pairs = append(pairs, s, masked)
	}
	replacer := strings.NewReplacer(pairs...)
	*r = *r.mapped(func(s string) string { return maskText(replacer.Replace(s)) })
}

const shortestSecret = 4

// masked returns r as it may be written.
func (r *Record) masked() *Record { return r.mapped(maskText) }

// mapped returns r with do done to each of its texts, but for call sites: names of a
// program's functions are no secrets.
func (r *Record) mapped(do func(string) string) *Record {
	v := mappedValue(reflect.ValueOf(*r), func(t reflect.Type) bool {
		return holdsStrings(t) && !unmasked[t]
	}, do).Interface().(Record)
	return &v
}

// unmasked are the types whose texts name a program's functions and what they do.
var unmasked = map[reflect.Type]bool{
	reflect.TypeFor[heap.Site](): true, reflect.TypeFor[heap.Box](): true, reflect.TypeFor[heap.GoroutineGrowth](): true, reflect.TypeFor[leak.Trend](): true,
}

// secretWords are parts of the names of what is secret.
const secretWords = `passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|session[_-]?id|signature`

// looks is how secrets look; each expression's first group is kept.
var looks = []*regexp.Regexp{
	regexp.MustCompile(`(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`),
	regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)[^\s/?#"'<>]*@`),                                                                     // userinfo of a URL
	regexp.MustCompile(`(\b)[\w.-]+:[^\s:@]+@(?:tcp|udp|unix)\(`),                                                                        // and of a Go DSN
	regexp.MustCompile(`(?im)(\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]*(?:key|token|secret|auth)[\w-]*)\b["']?\s*[:=]).*$`), // a header, to the end of its line
	regexp.MustCompile(`(?i)((?:^|[^\w])[\w-]*(?:` + secretWords + `|\bauth\b)[\w-]*["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,;&}\])]+)`),
	regexp.MustCompile(`(?i)((?:^|\s)--?[\w-]*(?:` + secretWords + `)[\w-]*\s+)[^\s-]\S*`), // a flag and its value
	regexp.MustCompile(`(?i)\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}`),
	regexp.MustCompile(`(\b)(?:eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|[sr]k[-_](?:live_|test_|proj-)?[\w-]{16,}|AIza[\w-]{30,})`),
}

// queries are in URLs and in paths: "?a=b&c=d".
var (
	wholeURL  = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s?"'<>]*\?[^\s"'<>]*`)
	queryPair = regexp.MustCompile(`([?&][\w.%\[\]~-]+=)[^\s&#"'<>]+`)
)

func maskText(s string) string {
	for _, look := range looks[:2] {
		s = look.ReplaceAllString(s, "${1}"+masked)
	}
	s = wholeURL.ReplaceAllStringFunc(s, maskQuery)
	s = queryPair.ReplaceAllStringFunc(s, maskPair)
	for _, look := range looks[2:] {
		s = look.ReplaceAllString(s, "${1}"+masked)
	}
	return s
}

// maskPair takes the value out of a pair of a query that stands by itself.
func maskPair(pair string) string {
	name, _, _ := strings.Cut(pair, "=")
	if bare := strings.TrimLeft(name, "?&"); bare == "gc" || bare == "debug" {
		return pair
	}
	return name + "=" + masked
}

// maskQuery takes the values out of a URL's query and fragment, and what has no name.
func maskQuery(url string) string {
	address, query, _ := strings.Cut(url, "?")
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, named := strings.Cut(part, "=")
		switch {
		case named && (name == "gc" || name == "debug"): // of net/http/pprof: no secret, and the sentence may go on behind it
		case named:
			parts[i] = name + "=" + masked
		case part != "":
			parts[i] = masked
		}
	}
	return address + "?" + strings.Join(parts, "&")
}
