import { identityMatrix } from './identity-matrix-cases.ts';

identityMatrix('through a tunnel');
