import { createRestClient } from '../../contracts/rest/client.ts';
import { send } from './send.ts';

/** `/api/v1` as functions, typed by the schemas that the server's routes check. */
export const rest = createRestClient((request) => send(request));
