// @ts-check
/**
 * Where a login leads to: a view of this console, and nothing else, whatever somebody has put into the link.
 *
 * @param {string | null} to
 * @param {string} origin of the page
 * @returns {string} a path with its query
 */
export function safeTarget(to, origin) {
  try {
    const target = new URL(to ?? '', `${origin}/console/`);
    const isView = target.pathname.startsWith('/console/') && !target.pathname.startsWith('/console/login');
    return target.origin === origin && isView ? target.pathname + target.search : '/console/';
  } catch {
    return '/console/';
  }
}
