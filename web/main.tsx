import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './app/app.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { cspNonce } from './components/csp-nonce.ts';

// What keeps the page from scrolling behind a dialog makes a style element, and looks for the nonce there (get-nonce).
Object.assign(globalThis, { __webpack_nonce__: cspNonce() });

const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<App />);
