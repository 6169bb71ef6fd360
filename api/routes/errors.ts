import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { errorExplanations } from '../../contracts/error-explanations.ts';
import { type ErrorCode, errorTable } from '../../contracts/errors.ts';

const ErrorExplanation = Type.Object(
  {
    code: Type.String(),
    title: Type.String(),
    status: Type.Integer({ description: 'HTTP status of answers with this code' }),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later' }),
    exitCode: Type.Integer({ description: 'Exit code of `vcp`' }),
    explanation: Type.String({ description: 'What it means and what to do; Markdown' }),
  },
  { $id: 'ErrorExplanation', additionalProperties: false },
);

/** `/api/v1/errors`: all codes that failures have, explained. */
export async function errorRoutes(app: FastifyInstance): Promise<void> {
  app.addSchema(ErrorExplanation);
  const items = (Object.keys(errorTable) as ErrorCode[]).map((code) => ({
    code,
    ...errorTable[code],
    explanation: errorExplanations[code],
  }));
  app.get(
    '/api/v1/errors',
    {
      config: { access: 'public' },
      schema: {
        summary: 'Codes of failures, explained',
        description: 'Every `code` that a failure may have, with what it means and what to do about it.',
        operationId: 'listErrors',
        tags: ['platform'],
        response: {
          200: Type.Object({ items: Type.Array(Type.Ref('ErrorExplanation')) }, { description: 'All codes' }),
        },
      },
    },
    async () => ({ items }),
  );
}
