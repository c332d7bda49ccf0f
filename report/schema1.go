package report

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Schema 1 kept what a judge said as texts, and had other names for some of what was
// measured. Its files are read for good; nothing writes them any more.

// renamed1 are keys of schema 1 by the list or object that they stand in; "" is the record.
var renamed1 = map[string]map[string]string{
	"": {
		"floors": "live_heaps", "heaps": "heap_profiles", "growth": "sites", "holders": "retainers", "stacks": "goroutine_profiles",
		"holders_why_not": "retainers_why_not", "holders_how": "retainers_how",
	},
	"trend":     {"channel": "signal", "channels": "signals", "floor": "threshold"},
	"signals":   {"floor": "threshold"},
	"sites":     {"holds": "retains"},
	"retainers": {"holds": "retains", "also_held_by": "also_retained_by"},
}

// phased1 are the lists whose objects name a phase, by the key that does.
var phased1 = map[string]string{"phases": "name", "heap_profiles": "phase", "goroutine_profiles": "phase", "processes": "phase"}

// fields1 is an object of schema 1.
type fields1 map[string]json.RawMessage

// upgrade1 makes the parts of a record of schema 1 those of the schema of today.
func upgrade1(record fields1) error {
	record.rename("")
	record["schema"] = json.RawMessage(fmt.Sprint(Schema))
	for _, list := range []string{"sites", "retainers", "phases", "heap_profiles", "goroutine_profiles", "processes", "checks", "notes"} {
		if err := record.each(list, func(f fields1) error {
			f.rename(list)
			switch list {
			case "checks":
				return f.upgradeCheck()
			case "notes":
				return f.upgradeNote()
			}
			return f.renamePhase(phased1[list])
		}); err != nil {
			return err
		}
	}
	if err := record.upgradeEnv(); err != nil {
		return err
	}
	var trend fields1
	if err := json.Unmarshal(record["trend"], &trend); err != nil || trend == nil {
		return err
	}
	trend.rename("trend")
	if err := trend.each("signals", func(f fields1) error { f.rename("signals"); return nil }); err != nil {
		return err
	}
	return record.set("trend", trend)
}

func (f fields1) rename(in string) {
	for from, to := range renamed1[in] {
		if v, ok := f[from]; ok {
			f[to] = v
			delete(f, from)
		}
	}
}

// each does something to every object of a list.
func (f fields1) each(list string, do func(fields1) error) error {
	var all []fields1
	if len(f[list]) == 0 {
		return nil
	}
	if err := json.Unmarshal(f[list], &all); err != nil {
		return inWords(err)
	}
	for i, one := range all {
		if err := do(one); err != nil {
			return fmt.Errorf("%s[%d]: %w", list, i, err)
		}
	}
	if all == nil {
		return nil
	}
	return f.set(list, all)
}

func (f fields1) set(key string, value any) error {
	data, err := json.Marshal(value)
	if err == nil && f != nil {
		f[key] = data
	}
	return err
}

// text returns the string of that key; "" if it is none.
func (f fields1) text(key string) string {
	var s string
	_ = json.Unmarshal(f[key], &s) // what is no string is told when the record is read
	return s
}

func (f fields1) flag(key string) bool { return string(f[key]) == "true" }

// upgradeEnv makes one object of what schema 1 said of the target's runtime, which was Go's.
func (f fields1) upgradeEnv() error {
	var env fields1
	if err := json.Unmarshal(f["env"], &env); err != nil || env == nil {
		return nil // what is no object is told when the record is read
	}
	if err := env.set("runtime", map[string]string{"version": env.text("target_go"), "settings": env.text("gc")}); err != nil {
		return err
	}
	return f.set("env", env)
}

func (f fields1) renamePhase(key string) error {
	if f.text(key) != "floor" {
		return nil
	}
	return f.set(key, Final)
}

// upgradeCheck makes values of what schema 1 said in words. It knew the judge by how the
// rule began, and the figure by its name.
func (f fields1) upgradeCheck() error {
	c := Check{Rule: f.text("rule"), Got: f.text("got")}
	judge, figure, compares := strings.Cut(c.Rule, ": ")
	switch {
	case compares && (judge == string(NotWorse) || judge == string(NoDrift) || judge == string(SelfTest)):
		c.Judge = Judge(judge)
	case c.Rule == string(NoLeak), c.Rule == string(Ratchet):
		c.Judge = Judge(c.Rule)
	default:
		c.Judge, figure = Budget, c.Rule
	}
	for m, name := range metricNames {
		if name == figure {
			c.Metric = m
		}
	}
	switch c.Judge {
	case NoLeak:
		c.Metric = GrowthPerRequest
	case SelfTest:
		c.Subject = figure
	}
	c.Reason, _ = strings.CutPrefix(c.Got, "cannot tell: ")
	undecided := c.Reason != c.Got || strings.HasPrefix(c.Got, "inconclusive")
	if c.Reason == c.Got {
		c.Reason = ""
	}
	switch {
	case f.flag("ok"):
		c.Outcome, c.Better = Passed, strings.HasPrefix(c.Got, "better: ")
	case f.flag("undecided"):
		c.CutShort = true
	case !undecided:
		c.Outcome = Failed
	}
	for key, value := range map[string]any{
		"judge": c.Judge, "metric": c.Metric, "subject": c.Subject, "outcome": c.Outcome, "better": c.Better, "cut_short": c.CutShort, "reason": c.Reason,
	} {
		if err := f.set(key, value); err != nil {
			return err
		}
	}
	return nil
}

// upgradeNote parts the one text of a finding in schema 1 where its first clause ends. That is
// behind the quoted name at its beginning, which may hold anything.
func (f fields1) upgradeNote() error {
	text := f.text("text")
	name, _ := strconv.QuotedPrefix(text) // "" where it does not begin with one
	end := len(text)
	for _, mark := range []string{"; ", " ("} {
		if i := strings.Index(text[len(name):end], mark); len(name)+i > 0 && i >= 0 {
			end = len(name) + i
		}
	}
	if err := f.set("summary", text[:end]); err != nil {
		return err
	}
	return f.set("detail", text[end:])
}
