import assert from 'node:assert/strict';

/** What is read here of an OpenAPI document. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
}

interface ApiOperation {
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Readonly<
          Record<
            string,
            {
              readonly schema: {
                readonly allOf?: readonly { readonly properties?: { code?: { enum: string[] } } }[];
              };
            }
          >
        >;
      }
    >
  >;
}

export interface AnswerToCheck {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: unknown;
  readonly text: string;
}

/** The operation of the document that a request is for, if it names one. */
function operationOf({ paths }: ApiDocument, method: string, path: string): ApiOperation | undefined {
  const [plain = ''] = path.split('?', 1);
  const isOf = (template: string) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(plain);
  const found = paths[plain] ?? Object.entries(paths).find(([template]) => isOf(template))?.[1];
  return found?.[method.toLowerCase()];
}

/** Status, content type and code of an answer of the REST API are those that its document names. */
export function checkDocumented(
  document: ApiDocument,
  { method, path, status, contentType, text }: AnswerToCheck,
): void {
  const operation = operationOf(document, method, path);
  if (operation === undefined) return;
  const of = `${method} ${path}: ${status} ${text.slice(0, 300)}`;
  const response = operation.responses[status];
  assert.ok(response, `the OpenAPI document does not name the status of ${of}`);
  const [type = ''] = String(contentType ?? '').split(';', 1);
  if (text === '') return;
  const media = response.content?.[type];
  assert.ok(media, `the OpenAPI document does not name the content type "${type}" of ${of}`);
  if (type !== 'application/problem+json') return;
  const codes = media.schema.allOf?.find(({ properties }) => properties?.code)?.properties?.code?.enum ?? [];
  const { code } = JSON.parse(text) as { code: string };
  assert.ok(codes.includes(code), `the OpenAPI document does not name the code of ${of}`);
}
