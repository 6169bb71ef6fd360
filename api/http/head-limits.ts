/**
 * Bytes of the head of a request or of an upstream's answer: first line and headers. An ID token with 200 groups fits, and
 * so do long selectors. (API servers take 1 MiB; here anyone may have 10,000 connections hold a head for 20 s.)
 */
export const maxHeadBytes = 128 * 1024;
/** Node drops further headers without a word. */
export const maxHeaders = 1_000;

export const headTooLarge = `the URL and headers of a request may have ${maxHeadBytes / 1024} KiB together and ${maxHeaders} headers; shorten the URL (a long selector) or the credential (an ID token with many groups)`;
