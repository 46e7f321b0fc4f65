package db

import _ "embed" // for the schema

// Schema creates the tables.
//
//go:embed schema.sql
var Schema string
