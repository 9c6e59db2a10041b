/** Of one message to `/mcp`, whichever way it comes. */
export const MCP_BODY_LIMIT_BYTES = 4_194_304;
