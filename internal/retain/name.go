package retain

import (
	"cmp"
	"strings"

	"github.com/memgate/memgate/profile"
)

// name says what a person would call a node: the variable, the field of a type, the
// variable that a closure captured.
func (d *diff) name(i int32) Holder {
	path := d.path(i)
	root := d.node(path[0])
	if root.Root == profile.RootTasks && len(path) == 1 {
		return Holder{Kind: Goroutines, Name: root.Label}
	}
	if d.onTimers(path) {
		return Holder{Kind: Timers, Name: timersOf(d.code(i)), Root: "the runtime"}
	}
	at := d.variable(path)
	if at == 0 { // the root itself
		return Holder{Kind: kindOf(root), Name: root.Label, Type: cmp.Or(root.Type, d.typeFrom(path, 0))}
	}
	if by := d.knownField(path, at); by > 0 {
		h := d.name(path[by])
		h.Type = d.typeFrom(path, at)
		return h
	}
	if n := d.node(path[at]); root.Root != profile.RootTasks && (d.direct(path[:at]) || d.node(path[at-1]).Type == "") {
		h := Holder{Kind: kindOf(root), Name: root.Label, Type: d.typeFrom(path, at)}
		if d.direct(path[:at]) {
			h.Name += tidy(n.Label, n.Type)
		}
		return h
	}
	return d.field(path, at)
}

// knownField returns the last field before at whose owner has a type, if what at hangs on has
// none: an object that no type leads to, such as what a generic closure captured. It is 0
// if there is no such field.
func (d *diff) knownField(path []int32, at int) int {
	if d.node(path[at-1]).Type != "" {
		return 0
	}
	for by := at - 1; by > 0; by-- {
		owner := d.node(path[by-1]).Type
		if owner != "" && strings.HasPrefix(d.node(path[by]).Label, ".") && !strings.HasPrefix(d.node(path[by]).Label, ".+") {
			return by
		}
	}
	return 0
}

// field names a node after the type that it is a field of.
func (d *diff) field(path []int32, at int) Holder {
	n, owner := d.node(path[at]), d.node(path[at-1])
	h := Holder{Kind: Field, Name: owner.Type + tidy(n.Label, n.Type), Type: d.typeFrom(path, at), Root: rootName(d.node(path[0]), d.frame(path))}
	switch fn, closure := strings.CutPrefix(owner.Type, profile.ClosurePrefix); {
	case closure:
		h.Kind, h.Name = Closure, fn+strings.Replace(n.Label, ".&", ".", 1)
	case owner.Root == profile.RootFrame, owner.Type == "":
		if by, ok := d.fieldFor(path[at+1:]); ok {
			by.Type = h.Type
			return by
		}
		h.Kind, h.Name, h.Root = Frame, d.frame(path), rootName(d.node(path[0]), "")
	}
	return h
}

// fieldFor returns a field that leads to what a stack points to as well: the better name, for
// a stack has none. path begins with what the stack points to.
func (d *diff) fieldFor(path []int32) (Holder, bool) {
	if len(path) == 0 {
		return Holder{}, false
	}
	for _, c := range d.late.Crossings {
		by := d.node(c.By)
		if c.Node != path[0] || by.Type == "" || !strings.HasPrefix(c.Label, ".") || d.below(c.By, path[0]) {
			continue
		}
		above := d.path(c.By)
		return Holder{Kind: Field, Name: by.Type + c.Label, Root: rootName(d.node(above[0]), d.frame(above))}, true
	}
	return Holder{}, false
}

func (d *diff) node(i int32) *profile.Node { return &d.late.Nodes[i] }

// path returns the nodes from the root to i.
func (d *diff) path(i int32) []int32 {
	var up []int32
	for ; i > 0; i = d.late.Nodes[i].Parent {
		up = append(up, i)
	}
	for a, b := 0, len(up)-1; a < b; a, b = a+1, b-1 {
		up[a], up[b] = up[b], up[a]
	}
	return up
}

// variable returns where on a path the last field is: what comes after it, arrays and what
// pointers lead to, is its value. It is 0 if that is the root.
func (d *diff) variable(path []int32) int {
	for at := len(path) - 1; at > 0; at-- {
		n := d.node(path[at])
		if l := tidy(n.Label, n.Type); l != "" && l[0] != '[' && !d.inContext(path, at) {
			return at
		}
	}
	return 0
}

// inContext tells whether a step goes from one of the standard library's contexts to the
// one that it was made from: both are what the variable holds.
func (d *diff) inContext(path []int32, at int) bool {
	n, owner := d.node(path[at]), d.node(path[at-1]).Type
	return strings.HasSuffix(n.Label, ".Context") && strings.HasPrefix(n.Type, "context.") &&
		(strings.HasPrefix(owner, "context.") || owner == "os/signal.signalCtx")
}

// direct tells whether a path has no field in it: a variable, and what it points to.
func (d *diff) direct(path []int32) bool {
	for _, i := range path[1:] {
		if n := d.node(i); n.Label != "" || n.Root != "" {
			return false
		}
	}
	return true
}

// typeFrom returns the first type that is known from there on.
func (d *diff) typeFrom(path []int32, at int) string {
	for _, i := range path[at:] {
		if t := d.node(i).Type; t != "" {
			return tidyType(t)
		}
	}
	return ""
}

// frame returns the function whose stack a path begins on; "" if it begins elsewhere.
func (d *diff) frame(path []int32) string {
	for _, i := range path {
		if n := d.node(i); n.Root == profile.RootFrame {
			return n.Label
		}
	}
	return ""
}

// onTimers tells whether a path goes through a processor's list of pending timers.
func (d *diff) onTimers(path []int32) bool {
	for at, i := range path {
		if strings.HasPrefix(d.node(i).Label, ".timers.heap") {
			return d.node(path[at-1]).Type == "runtime.p" || d.node(path[0]).Root == profile.RootRuntime
		}
	}
	return false
}

// code returns the function of the heaviest closure below a node.
func (d *diff) code(i int32) string {
	for _, k := range d.kids[i] {
		if fn, ok := strings.CutPrefix(d.node(k).Type, profile.ClosurePrefix); ok {
			return fn
		}
		if fn := d.code(k); fn != "" {
			return fn
		}
	}
	return ""
}

// timersOf names pending timers by the function that they are to run.
func timersOf(fn string) string {
	if fn == "" {
		return "on channels"
	}
	return "that run " + fn
}

func kindOf(root *profile.Node) Kind {
	if strings.HasPrefix(root.Label, "unnamed ") {
		return Unnamed
	}
	return Global
}

// rootName returns where a path begins, for a person.
func rootName(root *profile.Node, frame string) string {
	switch {
	case frame != "":
		return "the stack of " + frame
	case root.Root == profile.RootTasks:
		return "goroutines in " + root.Label
	}
	return strings.TrimSpace(string(kindOf(root)) + " " + root.Label)
}

// tidy takes the insides of the standard library's containers off a field.
func tidy(label, typ string) string {
	if strings.HasPrefix(typ, "internal/sync.") {
		label = strings.TrimSuffix(label, ".m.root")
	}
	if typ == "container/list.Element" {
		label = strings.TrimSuffix(strings.TrimSuffix(label, ".root.next"), ".root.prev")
	}
	return label
}

func tidyType(t string) string {
	switch {
	case strings.HasPrefix(t, "internal/sync.indirect["):
		return "sync.Map"
	case t == "container/list.Element":
		return "container/list.List"
	}
	return t
}

// describe returns a holder in one line, for a list of others.
func describe(h Holder) string {
	s := strings.TrimSpace(string(h.Kind) + " " + h.Name)
	if h.Type != "" {
		s += " (" + h.Type + ")"
	}
	return s
}
