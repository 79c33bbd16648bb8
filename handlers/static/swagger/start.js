// Ours; the other files of this folder are swagger-ui-dist's (docs/api.md names the version).
SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null, // nothing is sent to anyone else
});
