/** What a template's values may refer to as `.Values`. */
export interface TemplateContext {
  readonly [parameter: string]: unknown;
  readonly loft: {
    readonly name: string;
    readonly project: string;
    readonly cluster: string;
    readonly space: string;
    readonly virtualClusterName: string;
    readonly virtualClusterNamespace: string;
    readonly clusterAnnotations: Record<string, string>;
    readonly user?: Record<string, unknown>;
    readonly team?: Record<string, unknown>;
  };
}

export interface ValuesRequest {
  /** YAML with `{{ … }}`. */
  readonly values: string;
  readonly context: TemplateContext;
  /** Variables of `context` whose text is not the template author's: it must not become structure. */
  readonly texts: readonly string[];
  readonly signal?: AbortSignal | undefined;
}
