import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compression } from 'vite-plugin-compression2';

/** The console as files: the gateway serves them below `/console/`, compressed ones as they are. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [react(), compression({ algorithms: ['gzip', 'brotliCompress'], threshold: 1_024 })],
  build: {
    target: 'es2023',
    outDir: 'dist',
    emptyOutDir: true,
    // Everything comes from files of our own: the policy of the page allows no data: URLs for scripts or fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
