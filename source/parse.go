package source

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// index finds declarations: functions by name, types by key.
type index struct {
	funcs, types map[string][]*declaration
}

// declaration is a function or a type with its comment.
type declaration struct {
	pkg, dir, file string
	text           string
	// fields are the comments of a struct's fields.
	fields map[string]string
}

func parse(systems []fs.FS) (*index, error) {
	all := &index{funcs: map[string][]*declaration{}, types: map[string][]*declaration{}}
	for _, files := range systems {
		err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(name) != ".go" {
				return err
			}
			text, err := fs.ReadFile(files, name)
			if err != nil {
				return err
			}
			tree, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return fmt.Errorf("%s cannot be parsed: %w", name, err)
			}
			f := fileReader{index: all, at: declaration{pkg: tree.Name.Name, dir: path.Dir(name), file: path.Base(name)}}
			f.file(tree)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fileReader adds the declarations of a file.
type fileReader struct {
	*index
	at declaration
	// constants are the comments of constants, by their type.
	constants map[string][]string
}

func (f *fileReader) file(tree *ast.File) {
	f.constants = map[string][]string{}
	// Constants come first, because types list them even if they are declared later.
	for _, d := range tree.Decls {
		if group, ok := d.(*ast.GenDecl); ok && group.Tok == token.CONST {
			f.values(group)
		}
	}
	// The whole tree, because functions may declare types.
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			name := n.Name.Name
			if n.Recv != nil {
				name = baseName(n.Recv.List[0].Type) + "." + name
			}
			f.add(f.funcs, name, clean(n.Doc), nil)
		case *ast.GenDecl:
			f.typeSpecs(n)
		case *ast.StructType:
			// Named structs are indexed twice, under this key and under their names; literals only have this key.
			f.add(f.types, structKey("", keys(n)), "", comments(n))
		}
		return true
	})
}

func (f *fileReader) add(to map[string][]*declaration, key, text string, fields map[string]string) {
	d := f.at
	d.text, d.fields = text, fields
	to[key] = append(to[key], &d)
}

func (f *fileReader) typeSpecs(group *ast.GenDecl) {
	for _, spec := range group.Specs {
		s, ok := spec.(*ast.TypeSpec)
		if !ok {
			continue
		}
		text := clean(s.Doc)
		// Without parentheses the comment is attached to the declaration.
		if text == "" && !group.Lparen.IsValid() {
			text = clean(group.Doc)
		}
		if list := f.constants[s.Name.Name]; len(list) > 0 {
			text = strings.TrimSpace(text + "\n\n" + strings.Join(list, "\n"))
		}
		if made, ok := s.Type.(*ast.StructType); ok {
			f.add(f.types, structKey(s.Name.Name, keys(made)), text, comments(made))
			continue
		}
		f.add(f.types, s.Name.Name, text, nil)
	}
}

// values collects constants that have a type, a value and a comment.
func (f *fileReader) values(group *ast.GenDecl) {
	for _, spec := range group.Specs {
		s, ok := spec.(*ast.ValueSpec)
		if !ok || s.Type == nil || len(s.Values) != 1 {
			continue
		}
		literal, isLiteral := s.Values[0].(*ast.BasicLit)
		text := clean(s.Doc)
		if text == "" {
			text = clean(s.Comment)
		}
		if isLiteral && text != "" {
			value := literal.Value
			if unquoted, err := strconv.Unquote(value); err == nil {
				value = unquoted
			}
			name := baseName(s.Type)
			f.constants[name] = append(f.constants[name], "- `"+value+"`: "+strings.ReplaceAll(text, "\n", " "))
		}
	}
}

// keys returns the names and tags of a struct's fields, as reflection has them.
func keys(s *ast.StructType) []string {
	var all []string
	for _, field := range s.Fields.List {
		tag := ""
		if field.Tag != nil {
			tag, _ = strconv.Unquote(field.Tag.Value)
		}
		for _, name := range names(field) {
			all = append(all, name+" "+tag)
		}
	}
	return all
}

func comments(s *ast.StructType) map[string]string {
	texts := map[string]string{}
	for _, field := range s.Fields.List {
		text := clean(field.Doc)
		if text == "" {
			text = clean(field.Comment)
		}
		for _, name := range names(field) {
			texts[name] = text
		}
	}
	return texts
}

// names returns the names of a field; an embedded field has the name of its type.
func names(field *ast.Field) []string {
	if len(field.Names) == 0 {
		return []string{baseName(field.Type)}
	}
	all := make([]string, len(field.Names))
	for i, name := range field.Names {
		all[i] = name.Name
	}
	return all
}

// baseName returns the name of a type: Page for *shop.Page[Item].
func baseName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return baseName(e.X)
	case *ast.ParenExpr:
		return baseName(e.X)
	case *ast.IndexExpr:
		return baseName(e.X)
	case *ast.IndexListExpr:
		return baseName(e.X)
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// docLink is a name in brackets, a link in Go documentation.
var docLink = regexp.MustCompile(`\[(\*?\p{L}[\p{L}\p{N}_.]*)\]([^(:]|$)`)

// clean returns the text of a comment, which is Markdown except for its links.
func clean(group *ast.CommentGroup) string {
	return strings.TrimSpace(docLink.ReplaceAllString(group.Text(), "$1$2"))
}
