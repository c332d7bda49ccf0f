package memtest

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/memgate/memgate/load"
	"github.com/memgate/memgate/report"
)

func TestPackageOf(t *testing.T) {
	for function, want := range map[string]string{
		"example.org/shop/orders.TestX":            "example.org/shop/orders",
		"example.org/shop/orders_test.TestX.func1": "example.org/shop/orders",
		"example.org/yaml%2ev3.(*T).Test":          "example.org/yaml.v3",
		"command-line-arguments.TestX":             "command-line-arguments",
		"":                                         "",
	} {
		assert.Equal(t, want, packageOf(function), function)
	}
}

func TestThisTest(t *testing.T) {
	got := func() report.Test { return thisTest(named{t}) }() // a helper in a test's file
	assert.Equal(t, report.Test{Name: "TestThisTest", File: "memtest/place_test.go", Line: got.Line, Package: got.Package}, got)
	assert.NotZero(t, got.Line)
}

type named struct{ *testing.T }

func (named) Context() context.Context { return context.Background() }

func TestSecretsOf(t *testing.T) {
	vars := []string{
		"DB_PASSWORD=hunter2", "DATABASE_URL=postgres://u:in-url@db/x", "SERVICE=orders", "MODE=production", "OPAQUE=f3b1c2d4e5a6", "PATH=/usr/bin:/bin", "TZ=Europe/Berlin",
	}
	plan := load.Plan{Requests: []load.Request{{Path: "/x?token=in-query&page=2", Header: http.Header{"Authorization": {"Bearer in-header"}, "Content-Type": {"application/json"}}}}}
	t.Setenv("CI_JOB_TOKEN", "of-the-test")
	got := secretsOf(Scenario{Target: Image{Env: map[string]string{"AUTH": "of-the-image"}}, Load: plan}, vars)
	for _, want := range []string{"hunter2", "in-url", "f3b1c2d4e5a6", "in-query", "in-header", "of-the-test", "of-the-image"} {
		assert.Contains(t, got, want)
	}
	for _, not := range []string{"orders", "production", "/usr/bin:/bin", "Europe/Berlin", "2", "application/json"} {
		assert.NotContains(t, got, not)
	}
}
