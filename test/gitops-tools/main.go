// Command gitops-tools does with manifests what Argo CD and Flux do with them, by their own libraries:
//
//	argo  --kubeconfig FILE --health FILE [--how client-side|server-side|replace] [--prune-all]
//	flux  --kubeconfig FILE [--delete]
//	judge --health FILE
//
// argo and flux read manifests from standard input, one JSON document after the other, and write one JSON document
// with what became of them. judge reads objects, and writes one line for each: what both tools take it for.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Longer than any operation of a tenant cluster takes on a busy machine.
const patience = 10 * time.Minute

type settings struct {
	kubeconfig, healthFile, how string
	pruneAll, delete            bool
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string, input io.Reader, output io.Writer) error {
	if len(args) == 0 {
		return errors.New("which tool: argo, flux or judge")
	}
	var given settings
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&given.kubeconfig, "kubeconfig", "", "of the management API")
	flags.StringVar(&given.healthFile, "health", "", "the health check for Argo CD, in Lua")
	flags.StringVar(&given.how, "how", "client-side", "how Argo CD writes: client-side, server-side or replace")
	flags.BoolVar(&given.pruneAll, "prune-all", false, "the manifests are gone from Git")
	flags.BoolVar(&given.delete, "delete", false, "the manifests are gone from Git")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	objects, err := readObjects(input)
	if err != nil {
		return err
	}
	report, err := reportOf(args[0], given, objects)
	if err != nil {
		return err
	}
	return json.NewEncoder(output).Encode(report)
}

func reportOf(tool string, given settings, objects []*unstructured.Unstructured) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if tool == "judge" {
		health, err := readHealthCheck(given.healthFile)
		if err != nil {
			return nil, err
		}
		return judge(objects, health)
	}
	config, err := clientcmd.BuildConfigFromFlags("", given.kubeconfig)
	if err != nil {
		return nil, err
	}
	// Both tools raise client-go's limits, which are meant for one person.
	config.QPS, config.Burst = 100, 200
	return withCluster(ctx, tool, given, config, objects)
}

func withCluster(ctx context.Context, tool string, given settings, config *rest.Config, objects []*unstructured.Unstructured) (any, error) {
	switch tool {
	case "flux":
		return runFlux(ctx, config, given.delete, objects)
	case "argo":
		health, err := readHealthCheck(given.healthFile)
		if err != nil {
			return nil, err
		}
		return runArgo(ctx, config, given, health, objects)
	default:
		return nil, fmt.Errorf("unknown tool %q", tool)
	}
}

func readObjects(input io.Reader) ([]*unstructured.Unstructured, error) {
	decoder := json.NewDecoder(input)
	objects := []*unstructured.Unstructured{}
	for {
		var document json.RawMessage
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(document); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
}
