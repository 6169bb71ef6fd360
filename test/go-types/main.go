// Command go-types reads answers of the platform from standard input, one JSON document {"from": …, "answer": …} after
// the other. It decodes each strictly with vCluster Platform's own Go type of its kind, and writes one line
// {"from": …, "kind": …, "problems": […]} for each: what that type does not know, or has as another type.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	managementv1 "github.com/loft-sh/api/v4/pkg/apis/management/v1"
	storagev1 "github.com/loft-sh/api/v4/pkg/apis/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
)

type document struct {
	From   string          `json:"from"`
	Answer json.RawMessage `json:"answer"`
}

type result struct {
	From     string   `json:"from"`
	Kind     string   `json:"kind"`
	Problems []string `json:"problems"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(input io.Reader, output io.Writer) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{managementv1.AddToScheme, storagev1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	decoder, encoder := json.NewDecoder(input), json.NewEncoder(output)
	for {
		var next document
		if err := decoder.Decode(&next); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := encoder.Encode(check(scheme, next)); err != nil {
			return err
		}
	}
}

func check(scheme *runtime.Scheme, next document) result {
	var meta metav1.TypeMeta
	if err := json.Unmarshal(next.Answer, &meta); err != nil {
		return result{From: next.From, Problems: []string{"not an object: " + err.Error()}}
	}
	found := result{From: next.From, Kind: meta.Kind, Problems: []string{}}
	kind := schema.FromAPIVersionAndKind(meta.APIVersion, meta.Kind)
	if !scheme.Recognizes(kind) {
		found.Problems = append(found.Problems, fmt.Sprintf("no such kind in %s", meta.APIVersion))
		return found
	}
	found.Problems = append(found.Problems, problems(next.Answer, func() (runtime.Object, error) { return scheme.New(kind) })...)
	return found
}

// The decoder tells all unknown fields at once, but only the first one of another type: that is taken out, and what is
// left is decoded again.
func problems(answer []byte, create func() (runtime.Object, error)) []string {
	all := map[string]bool{}
	for {
		object, err := create()
		if err != nil {
			return []string{err.Error()}
		}
		unknown, err := kjson.UnmarshalStrict(answer, object)
		for _, each := range unknown {
			all[withoutIndexes(each.Error())] = true
		}
		rest := answer
		var mistyped *json.UnmarshalTypeError
		if errors.As(err, &mistyped) {
			all[fmt.Sprintf("%s: %s instead of %s", mistyped.Field, mistyped.Value, mistyped.Type)] = true
			rest = without(answer, strings.Split(mistyped.Field, "."))
		} else if err != nil {
			all[err.Error()] = true
		}
		if bytes.Equal(rest, answer) {
			return sorted(all)
		}
		answer = rest
	}
}

var index = regexp.MustCompile(`\[\d+\]`)

func withoutIndexes(text string) string { return index.ReplaceAllString(text, "[]") }

func sorted(all map[string]bool) []string {
	list := []string{}
	for each := range all {
		list = append(list, each)
	}
	slices.Sort(list)
	return list
}

// The document without the field at path, in every element of the lists on the way; the same bytes if it has none.
func without(answer []byte, path []string) []byte {
	var value any
	if err := json.Unmarshal(answer, &value); err != nil || !remove(value, path) {
		return answer
	}
	rest, err := json.Marshal(value)
	if err != nil {
		return answer
	}
	return rest
}

func remove(value any, path []string) bool {
	switch value := value.(type) {
	case []any:
		removed := false
		for _, element := range value {
			removed = remove(element, path) || removed
		}
		return removed
	case map[string]any:
		next, has := value[path[0]]
		if !has {
			return false
		}
		if len(path) > 1 {
			return remove(next, path[1:])
		}
		delete(value, path[0])
		return true
	default:
		return false
	}
}
