import { identityMatrix } from './identity-matrix-cases.ts';

identityMatrix('directly');
