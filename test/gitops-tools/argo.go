package main

import (
	"context"
	"fmt"
	"time"

	"github.com/argoproj/gitops-engine/pkg/cache"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/health"
	"github.com/argoproj/gitops-engine/pkg/sync"
	"github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

const (
	// By which Argo CD knows the objects of an application if it tracks by label.
	trackingLabel = "app.kubernetes.io/instance"
	application   = "platform"
	argoManager   = "argocd-controller"
)

// What an application tells after a sync.
type argoReport struct {
	Phase   string `json:"phase"`
	Message string `json:"message"`
	// In the order in which they were applied.
	Waves   []int    `json:"waves"`
	Results []result `json:"results"`
	// By object; "Missing" if it is not there.
	Health map[string]string `json:"health"`
	// By object, what makes it OutOfSync: one for each way to compare that says so.
	OutOfSync map[string][]string `json:"outOfSync"`
}

type result struct {
	Resource string `json:"resource"`
	Status   string `json:"status"`
	Message  string `json:"message"`
}

type argo struct {
	config  *rest.Config
	given   settings
	health  health.HealthOverride
	targets []*unstructured.Unstructured
	cluster cache.ClusterCache
	kubectl kube.Kubectl
}

func runArgo(ctx context.Context, config *rest.Config, given settings, check health.HealthOverride, targets []*unstructured.Unstructured) (*argoReport, error) {
	silent := logr.Discard()
	for _, target := range targets {
		labels := target.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels[trackingLabel] = application
		target.SetLabels(labels)
	}
	cluster := cache.NewClusterCache(config,
		cache.SetLogr(silent),
		// resource.respectRBAC: normal.
		cache.SetRespectRBAC(cache.RespectRbacNormal),
		cache.SetPopulateResourceInfoHandler(func(object *unstructured.Unstructured, _ bool) (any, bool) {
			isOurs := object.GetLabels()[trackingLabel] == application
			return isOurs, isOurs
		}))
	if err := cluster.EnsureSynced(); err != nil {
		return nil, err
	}
	defer cluster.Invalidate()
	kubectl := &kube.KubectlCmd{Log: silent, Tracer: tracing.NopTracer{}}
	argo := argo{config: config, given: given, health: check, targets: targets, cluster: cluster, kubectl: kubectl}
	report := &argoReport{Waves: []int{}, Results: []result{}, Health: map[string]string{}, OutOfSync: map[string][]string{}}
	if err := argo.sync(ctx, report); err != nil {
		return nil, err
	}
	return report, argo.compare(ctx, report)
}

// One operation of Argo CD: it looks again at what is there each second, and goes on where it was.
func (a argo) sync(ctx context.Context, report *argoReport) error {
	phase, message, results := common.OperationRunning, "", []common.ResourceSyncResult{}
	started := metav1.Now()
	for !phase.Completed() {
		step, cleanup, err := a.nextStep(report, phase, message, results, started)
		if err != nil {
			return err
		}
		step.Sync()
		phase, message, results = step.GetState()
		cleanup()
		select {
		case <-ctx.Done():
			return fmt.Errorf("the sync goes on: %s", message)
		case <-time.After(time.Second):
		}
	}
	report.Phase, report.Message = string(phase), message
	for _, each := range results {
		report.Results = append(report.Results, result{nameOf(each.ResourceKey), string(each.Status), each.Message})
	}
	return nil
}

func (a argo) nextStep(report *argoReport, phase common.OperationPhase, message string, results []common.ResourceSyncResult, started metav1.Time) (sync.SyncContext, func(), error) {
	targets := a.copies()
	isManaged := func(resource *cache.Resource) bool {
		isOurs, known := resource.Info.(bool)
		return known && isOurs
	}
	live, err := a.cluster.GetManagedLiveObjs(targets, isManaged)
	if err != nil {
		return nil, nil, err
	}
	options := []sync.SyncOpt{
		sync.WithLogr(logr.Discard()),
		sync.WithHealthOverride(a.health),
		sync.WithPrune(true),
		sync.WithReplace(a.given.how == "replace"),
		sync.WithServerSideApply(a.given.how == "server-side"),
		sync.WithServerSideApplyManager(argoManager),
		sync.WithSyncWaveHook(func(_ common.SyncPhase, wave int, _ bool) error {
			report.Waves = append(report.Waves, wave)
			return nil
		}),
	}
	if len(results) > 0 {
		options = append(options, sync.WithInitialState(phase, message, results, started))
	}
	state := sync.Reconcile(targets, live, "", a.cluster)
	return sync.NewSyncContext("revision", state, a.config, a.config, a.kubectl, "", a.cluster.GetOpenAPISchema(), options...)
}

func (a argo) copies() []*unstructured.Unstructured {
	targets := []*unstructured.Unstructured{}
	if a.given.pruneAll {
		return targets
	}
	for _, target := range a.targets {
		targets = append(targets, target.DeepCopy())
	}
	return targets
}

// Compares each manifest with what is there, in all ways that fit how it was written.
func (a argo) compare(ctx context.Context, report *argoReport) error {
	dryRuns, cleanup, err := kube.ManageServerSideDiffDryRuns(a.config, a.cluster.GetOpenAPISchema(), tracing.NopTracer{}, logr.Discard(), nil)
	if err != nil {
		return err
	}
	defer cleanup()
	parser := diff.WithGVKParser(a.cluster.GetGVKParser())
	manager := diff.WithManager(argoManager)
	ways := map[string][]diff.Option{
		"server-side": {parser, manager, diff.WithServerSideDiff(true), diff.WithServerSideDryRunner(diff.NewK8sServerSideDryRunner(dryRuns))},
	}
	if a.given.how == "server-side" {
		ways["structured merge"] = []diff.Option{parser, manager, diff.WithStructuredMergeDiff(true)}
	} else {
		ways["last applied"] = nil
	}
	for _, target := range a.copies() {
		if err := a.compareOne(ctx, target, ways, report); err != nil {
			return err
		}
	}
	return nil
}

func (a argo) compareOne(ctx context.Context, target *unstructured.Unstructured, ways map[string][]diff.Option, report *argoReport) error {
	name := nameOf(kube.GetResourceKey(target))
	live, err := a.kubectl.GetResource(ctx, a.config, target.GroupVersionKind(), target.GetName(), target.GetNamespace())
	if err != nil {
		report.Health[name] = string(health.HealthStatusMissing)
		return nil
	}
	found, err := health.GetResourceHealth(live, a.health)
	if err != nil {
		return err
	}
	report.Health[name] = string(found.Status)
	for way, options := range ways {
		compared, err := diff.Diff(target.DeepCopy(), live.DeepCopy(), append(options, diff.WithLogr(logr.Discard()))...)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", name, way, err)
		}
		if compared.Modified {
			difference := fmt.Sprintf("%s: %s, and would be %s", way, compared.NormalizedLive, compared.PredictedLive)
			report.OutOfSync[name] = append(report.OutOfSync[name], difference)
		}
	}
	return nil
}

func nameOf(key kube.ResourceKey) string {
	if key.Namespace == "" {
		return fmt.Sprintf("%s/%s", key.Kind, key.Name)
	}
	return fmt.Sprintf("%s/%s/%s", key.Kind, key.Namespace, key.Name)
}
