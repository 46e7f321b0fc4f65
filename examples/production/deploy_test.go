package main

import (
	"cmp"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/candor-go/candor"
)

// The files of the deployment agree about names, ports and settings, as far as
// that can be checked without running them.

// compose has the keys of compose.yaml that the tests know; other keys of a
// service are errors.
type compose struct {
	Services map[string]struct {
		Image       string
		Build       struct{ Context, Dockerfile string }
		Command     string
		Deploy      struct{ Replicas int }
		Environment map[string]string
		Volumes     []string
		Ports       []string
		DependsOn   any    `yaml:"depends_on"`
		Grace       string `yaml:"stop_grace_period"`
		Restart     string
		Healthcheck struct {
			Test     []string
			Interval string
			Retries  int
		}
		Networks []string
	}
	Networks map[string]struct {
		IPAM struct{ Config []struct{ Subnet string } }
	}
	Volumes map[string]any
}

func readDeploy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("deploy", name))
	require.NoError(t, err)
	return string(text)
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(readDeploy(t, name)))
	d.KnownFields(true)
	require.NoError(t, d.Decode(into))
}

func readCompose(t *testing.T) (c compose) {
	t.Helper()
	readYAML(t, "compose.yaml", &c)
	return c
}

// variables returns the names of the variables that a struct of settings reads.
func variables(s reflect.Type) (names []string) {
	for f := range s.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("env"), ",")
		if name == "" {
			names = append(names, variables(f.Type)...)
			continue
		}
		names = append(names, name)
	}
	return names
}

// The program knows every variable in the compose file, and accepts the values.
func TestComposeSettings(t *testing.T) {
	service := readCompose(t).Services["production"]
	known := variables(reflect.TypeFor[Settings]())
	given := map[string]string{}
	for name, value := range service.Environment {
		assert.Contains(t, known, name, "it is not read")
		if asked, ok := strings.CutPrefix(value, "${"+name+":?"); ok {
			assert.True(t, strings.HasSuffix(asked, "}"), value)
			value = secret
		}
		assert.NotContains(t, value, "$")
		given[name] = value
	}
	settings, err := candor.FromEnv[Settings](func(name string) (string, bool) {
		value, ok := given[name]
		return value, ok
	})
	require.NoError(t, err)
	assert.Greater(t, service.Deploy.Replicas, 1)
	for _, address := range []string{settings.Database, settings.Redis, settings.NATS} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		assert.Contains(t, readCompose(t).Services, u.Hostname(), "all processes share it")
	}
}

// Every service is in the network whose addresses the program trusts.
func TestComposeNetworks(t *testing.T) {
	c := readCompose(t)
	trusted := netip.MustParsePrefix(c.Services["production"].Environment["TRUSTED_PROXIES"])
	for name, service := range c.Services {
		require.Len(t, service.Networks, 1, name)
		network := c.Networks[service.Networks[0]]
		require.Len(t, network.IPAM.Config, 1, name)
		assert.Equal(t, trusted, netip.MustParsePrefix(network.IPAM.Config[0].Subnet), name)
		assert.NotEmpty(t, cmp.Or(service.Image, service.Build.Dockerfile), name)
		switch needed := service.DependsOn.(type) {
		case []any:
			for _, other := range needed {
				assert.Contains(t, c.Services, other, name)
			}
		case map[string]any:
			for other := range needed {
				assert.Contains(t, c.Services, other, name)
			}
		}
	}
}

// Mounted files and build contexts exist.
func TestComposeFiles(t *testing.T) {
	c := readCompose(t)
	for name, service := range c.Services {
		for _, volume := range service.Volumes {
			from, to, ok := strings.Cut(volume, ":")
			require.True(t, ok, volume)
			assert.True(t, strings.HasPrefix(to, "/"), volume)
			if strings.HasPrefix(from, ".") {
				_, err := os.Stat(filepath.Join("deploy", from))
				assert.NoError(t, err, "%s mounts it", name)
				continue
			}
			assert.Contains(t, c.Volumes, from, name)
		}
	}
	build := c.Services["production"].Build
	assert.FileExists(t, filepath.Join("deploy", build.Context, build.Dockerfile))
	assert.FileExists(t, filepath.Join("deploy", build.Context, "go.mod"), "the context is the repository, as its modules need each other")
}

// The image exposes the port that nginx and Prometheus use.
func TestPortsAgree(t *testing.T) {
	port := found(t, readDeploy(t, "Dockerfile"), `(?m)^EXPOSE (\d+)$`)
	assert.Contains(t, readDeploy(t, "Dockerfile"), `"-addr", ":`+port+`"]`)
	assert.Equal(t, "production:"+port, found(t, readDeploy(t, "nginx.conf"), `server (\S+) max_fails`))
	outside := found(t, readDeploy(t, "nginx.conf"), `listen (\d+);`)
	c := readCompose(t)
	assert.Equal(t, []string{outside + ":" + outside}, c.Services["nginx"].Ports)
	assert.Empty(t, c.Services["production"].Ports, "only nginx is reached from outside")

	var scraped struct {
		Global struct {
			Interval string `yaml:"scrape_interval"`
		}
		Jobs []struct {
			Name    string `yaml:"job_name"`
			Targets []struct {
				Names []string
				Type  string
				Port  string
			} `yaml:"dns_sd_configs"`
		} `yaml:"scrape_configs"`
	}
	readYAML(t, "prometheus.yml", &scraped)
	require.Len(t, scraped.Jobs, 1)
	assert.Equal(t, port, scraped.Jobs[0].Targets[0].Port)
	assert.Contains(t, c.Services, scraped.Jobs[0].Targets[0].Names[0])
}

// The compose file mounts the dashboard and the data source where Grafana
// expects them.
func TestGrafanaFindsTheDashboard(t *testing.T) {
	var providers struct {
		Version   int `yaml:"apiVersion"`
		Providers []struct {
			Name, Type string
			Options    struct{ Path string }
		}
	}
	readYAML(t, "grafana/dashboards/candor.yaml", &providers)
	c := readCompose(t)
	mounted := slices.ContainsFunc(c.Services["grafana"].Volumes, func(v string) bool {
		return strings.Contains(v, "contrib/prometheus/dashboard.json:"+providers.Providers[0].Options.Path+"/")
	})
	assert.True(t, mounted)
	var sources struct {
		Version int `yaml:"apiVersion"`
		Sources []struct {
			Name, Type, Access, URL string
			Default                 bool `yaml:"isDefault"`
		} `yaml:"datasources"`
	}
	readYAML(t, "grafana/datasources/prometheus.yaml", &sources)
	u, err := url.Parse(sources.Sources[0].URL)
	require.NoError(t, err)
	assert.Contains(t, c.Services, u.Hostname())
}

func TestPromtoolAcceptsTheConfiguration(t *testing.T) {
	said, err := exec.Command("promtool", "check", "config", "deploy/prometheus.yml").CombinedOutput()
	assert.NoError(t, err, "%s", said)
}

// nginx accepts the file, except for a name that only exists in a network of
// containers, and for paths that only root may write to.
func TestNginxAcceptsTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	text := strings.Replace(readDeploy(t, "nginx.conf"), "server production:", "server 127.0.0.1:", 1)
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(file, []byte("pid "+dir+"/pid;\n"+text), 0o600))
	said, err := exec.Command("nginx", "-t", "-q", "-p", dir, "-e", dir+"/log", "-c", file).CombinedOutput()
	assert.NoError(t, err, "%s", said)
}

func found(t *testing.T, text, expression string) string {
	t.Helper()
	groups := regexp.MustCompile(expression).FindStringSubmatch(text)
	require.Len(t, groups, 2, expression)
	return groups[1]
}
