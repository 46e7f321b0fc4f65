package candor_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/candor-go/candor"
)

type envSettings struct {
	envBase
	Database string            `env:"DATABASE_URL" validate:"url"`
	Workers  int               `env:"WORKERS" default:"4" validate:"min=1,max=64"`
	Origins  []string          `env:"ORIGINS,omitempty" validate:"max=3,dive,min=2"`
	Trusted  *bool             `env:"TRUSTED"`
	Wait     time.Duration     `env:"WAIT" default:"2s"`
	Labels   map[string]string `env:"LABELS,omitempty,json"`
	Name     string            `env:"NAME" default:"candor"`
	Limits   struct {
		Low  int `env:"LOW" default:"1"`
		High int `env:"HIGH" default:"10" validate:"gtefield=Low"`
	} `env:""`
}

type envBase struct {
	Level string `env:"LEVEL" default:"info" validate:"oneof=debug info warn"`
}

func (s envSettings) Validate() error {
	if s.Workers == 13 {
		return candor.Invalid("brings bad luck", "env", "WORKERS")
	}
	return nil
}

func envOf(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

func TestFromEnv(t *testing.T) {
	yes := true
	bare := envSettings{Database: "postgres://db", Workers: 4, Wait: 2 * time.Second, Name: "candor"}
	bare.Level, bare.Limits.Low, bare.Limits.High = "info", 1, 10
	full := envSettings{
		Database: "postgres://db", Workers: 8, Origins: []string{"aa", "bb"}, Trusted: &yes, Wait: time.Minute,
		Labels: map[string]string{"a": "b"},
	}
	full.Level, full.Limits.Low, full.Limits.High = "warn", 5, 5
	for name, c := range map[string]struct {
		env  map[string]string
		want envSettings
	}{
		"least": {map[string]string{"DATABASE_URL": "postgres://db"}, bare},
		"an empty variable is absent, but for texts": {map[string]string{
			"DATABASE_URL": "postgres://db", "WORKERS": "8", "ORIGINS": "aa,bb", "TRUSTED": "true", "WAIT": "1m", "LABELS": `{"a":"b"}`,
			"NAME": "", "LOW": "5", "HIGH": "5", "LEVEL": "warn", "OTHER": "x",
		}, full},
		"nothing is set": {map[string]string{
			"DATABASE_URL": "postgres://db", "WORKERS": "", "TRUSTED": "", "WAIT": "", "LABELS": "", "HIGH": "",
		}, bare},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := candor.FromEnv[envSettings](envOf(c.env))
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestFromEnvFaults(t *testing.T) {
	for name, c := range map[string]struct {
		env   map[string]string
		error string
	}{
		"all at once": {
			map[string]string{"WORKERS": "many", "ORIGINS": "aa,b", "LEVEL": "loud", "LABELS": "{"},
			"settings are wrong\n" +
				"\tLEVEL: Must be one of 'debug', 'info' or 'warn'\n" +
				"\tDATABASE_URL: Field required\n" +
				"\tWORKERS: Not an integer\n" +
				"\tORIGINS: 1: Must have at least 2 characters\n" +
				"\tLABELS: ",
		},
		"across fields": {
			map[string]string{"DATABASE_URL": "postgres://db", "LOW": "9", "HIGH": "8"},
			"settings are wrong\n\tHIGH: ",
		},
		"by its own method": {
			map[string]string{"DATABASE_URL": "postgres://db", "WORKERS": "13"},
			"settings are wrong\n\tWORKERS: Value error: brings bad luck",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := candor.FromEnv[envSettings](envOf(c.env))
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.error)
			var invalid *candor.ValidationError
			assert.ErrorAs(t, err, &invalid)
		})
	}
}

// Error messages never contain the value of a variable.
func TestFromEnvKeepsSecrets(t *testing.T) {
	_, err := candor.FromEnv[envSettings](envOf(map[string]string{"DATABASE_URL": "hunter2", "WORKERS": "hunter2", "LABELS": "hunter2", "WAIT": "hunter2"}))
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestFromEnvLetsTagsOfOthersPass(t *testing.T) {
	got, err := candor.FromEnv[struct {
		Port int `env:"PORT" envDefault:"1" defualt:"2"`
	}](envOf(map[string]string{"PORT": "3"}), "envDefault", "defualt")
	require.NoError(t, err)
	assert.Equal(t, 3, got.Port)
}

func TestFromEnvMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		read  func()
		panic string
	}{
		"no source": {
			func() { _, _ = candor.FromEnv[struct{ Port int }](nil) },
			"env_test.go:131: field Port of struct{...}: settings come from the environment; write `env:\"PORT\"` and no other source",
		},
		"another source": {
			func() {
				_, _ = candor.FromEnv[struct {
					UserID int `query:"id"`
				}](nil)
			},
			"settings come from the environment; write `env:\"USER_ID\"` and no other source",
		},
		"a bad default": {
			func() {
				_, _ = candor.FromEnv[struct {
					Port int `env:"PORT" default:"x"`
				}](nil)
			},
			"field Port",
		},
		"a key that is nearly one": {
			func() {
				_, _ = candor.FromEnv[struct {
					Port int `env:"PORT" defualt:"1"`
				}](nil)
			},
			"field Port of struct{...}: its tag defualt is nearly default, but it is not read; write `default:\"...\"`; if the key is another program's, pass it to FromEnv",
		},
		"a key beside one of another program": {
			func() {
				_, _ = candor.FromEnv[struct {
					Port int `env:"PORT" defualt:"1" envDefault:"1"`
				}](nil, "envDefault")
			},
			"field Port of struct{...}: its tag defualt",
		},
		"a key of another reader": {
			func() {
				_, _ = candor.FromEnv[struct {
					Limits struct {
						Port int `env:"PORT" envDefault:"1"`
					} `env:""`
				}](nil)
			},
			"its tag envDefault belongs to another library and has no effect here; write `default:\"...\"`",
		},
		"twice": {
			func() {
				_, _ = candor.FromEnv[struct {
					A int `env:"PORT"`
					B int `env:"PORT"`
				}](nil)
			},
			"both read the env value \"PORT\"",
		},
		"no struct": {func() { _, _ = candor.FromEnv[int](nil) }, "settings must be a struct"},
		"in a handler": {
			func() {
				candor.Get(candor.New(candor.Config{}), "/", func(context.Context, struct {
					Port int `env:"PORT"`
				},
				) (candor.None, error) {
					return candor.None{}, nil
				})
			},
			"a setting in the input of a handler; read the settings when the program starts, by candor.FromEnv",
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				assert.Contains(t, toText(recover()), c.panic)
			}()
			c.read()
		})
	}
}

func toText(value any) string {
	if err, ok := value.(error); ok {
		return err.Error()
	}
	return ""
}
