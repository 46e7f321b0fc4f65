package main

import (
	"context"
	"log"

	"github.com/candor-go/candor"
)

type Profile struct {
	Name  string  `json:"name"`
	Phone *string `json:"phone"`
}

type ProfilePatch struct {
	Name  candor.Optional[string] `json:"name" validate:"min=1"`
	Phone candor.Optional[string] `json:"phone"`
}

type PatchProfile struct {
	Body    ProfilePatch `body:""`
	Profile *Profile     `dep:""`
}

func patchProfile(_ context.Context, in PatchProfile) (Profile, error) {
	if in.Body.Name.Set {
		in.Profile.Name = in.Body.Name.Value
	}
	switch {
	case in.Body.Phone.Null:
		in.Profile.Phone = nil
	case in.Body.Phone.Set:
		in.Profile.Phone = &in.Body.Phone.Value
	}
	return *in.Profile, nil
}

func main() {
	app := candor.New(candor.Config{Title: "Profiles"})
	candor.ProvideValue(app, &Profile{Name: "Ann"})
	candor.Patch(app, "/profile", patchProfile)
	if err := app.Run(":8000"); err != nil {
		log.Fatal(err)
	}
}
