package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/argoproj/gitops-engine/pkg/health"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	luajson "layeh.com/gopher-json"
)

// What both tools take one object for.
type verdict struct {
	Flux        string `json:"flux"`
	FluxMessage string `json:"fluxMessage"`
	Argo        string `json:"argo"`
	ArgoMessage string `json:"argoMessage"`
	// Argo CD without the health check: empty if it has no opinion.
	ArgoAlone string `json:"argoAlone"`
}

func judge(objects []*unstructured.Unstructured, check health.HealthOverride) ([]verdict, error) {
	verdicts := []verdict{}
	for _, object := range objects {
		found, err := status.Compute(object)
		if err != nil {
			return nil, err
		}
		checked, err := health.GetResourceHealth(object, check)
		if err != nil {
			return nil, err
		}
		alone, err := health.GetResourceHealth(object, nil)
		if err != nil {
			return nil, err
		}
		next := verdict{Flux: string(found.Status), FluxMessage: found.Message}
		if checked != nil {
			next.Argo, next.ArgoMessage = string(checked.Status), checked.Message
		}
		if alone != nil {
			next.ArgoAlone = string(alone.Status)
		}
		verdicts = append(verdicts, next)
	}
	return verdicts, nil
}

// A health check as Argo CD runs it: the object is the global "obj", and of Lua's libraries there are the base and
// tables alone.
type healthCheck string

func readHealthCheck(file string) (health.HealthOverride, error) {
	script, err := os.ReadFile(file)
	return healthCheck(script), err
}

func (script healthCheck) GetResourceHealth(object *unstructured.Unstructured) (*health.HealthStatus, error) {
	machine := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer machine.Close()
	libraries := map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable}
	for name, open := range libraries {
		call := lua.P{Fn: machine.NewFunction(open), Protect: true}
		if err := machine.CallByParam(call, lua.LString(name)); err != nil {
			return nil, err
		}
	}
	text, err := object.MarshalJSON()
	if err != nil {
		return nil, err
	}
	value, err := luajson.Decode(machine, text)
	if err != nil {
		return nil, err
	}
	machine.SetGlobal("obj", value)
	if err := machine.DoString(string(script)); err != nil {
		return nil, err
	}
	returned, isTable := machine.Get(-1).(*lua.LTable)
	if !isTable {
		return nil, fmt.Errorf("the health check returned %s", machine.Get(-1).Type())
	}
	answer, err := luajson.Encode(returned)
	if err != nil {
		return nil, err
	}
	var found health.HealthStatus
	return &found, json.Unmarshal(answer, &found)
}
