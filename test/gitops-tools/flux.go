package main

import (
	"context"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What a Kustomization with `wait: true` tells.
type fluxReport struct {
	// By object, what the apply did.
	Applied map[string]string `json:"applied"`
	// What a Kustomization says that did not get ready; empty if it did.
	Failure string `json:"failure"`
	// By object, what the next reconciliation would do.
	Drift map[string]string `json:"drift"`
}

func runFlux(ctx context.Context, config *rest.Config, gone bool, objects []*unstructured.Unstructured) (*fluxReport, error) {
	api, err := client.New(config, client.Options{})
	if err != nil {
		return nil, err
	}
	poller := polling.NewStatusPoller(api, api.RESTMapper(), polling.Options{})
	owner := ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"}
	manager := ssa.NewResourceManager(api, poller, owner)
	manager.SetOwnerLabels(objects, "platform", "flux-system")
	if err := normalize.UnstructuredList(objects); err != nil {
		return nil, err
	}
	report := &fluxReport{Applied: map[string]string{}, Drift: map[string]string{}}
	waiting := ssa.WaitOptions{Interval: time.Second, Timeout: patience, FailFast: true}
	if gone {
		return report, deleteByFlux(ctx, manager, objects, waiting, report)
	}
	changes, err := manager.ApplyAllStaged(ctx, objects, ssa.DefaultApplyOptions())
	if err != nil {
		report.Failure = err.Error()
		return report, nil
	}
	noteChanges(report.Applied, changes)
	if err := manager.Wait(objects, waiting); err != nil {
		report.Failure = err.Error()
	}
	for _, object := range objects {
		entry, _, _, err := manager.Diff(ctx, object, ssa.DefaultDiffOptions())
		if err != nil {
			return nil, err
		}
		report.Drift[entry.Subject] = string(entry.Action)
	}
	return report, nil
}

func deleteByFlux(ctx context.Context, manager *ssa.ResourceManager, objects []*unstructured.Unstructured, waiting ssa.WaitOptions, report *fluxReport) error {
	changes, err := manager.DeleteAll(ctx, objects, ssa.DefaultDeleteOptions())
	if err != nil {
		return err
	}
	noteChanges(report.Applied, changes)
	if err := manager.WaitForTermination(objects, waiting); err != nil {
		report.Failure = err.Error()
	}
	return nil
}

func noteChanges(into map[string]string, changes *ssa.ChangeSet) {
	for _, entry := range changes.Entries {
		into[entry.Subject] = string(entry.Action)
	}
}
