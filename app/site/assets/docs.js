// A script of its own, because the page's policy allows none inside the page.
window.addEventListener("load", async () => {
  const contract = await (await fetch("openapi.json")).json();
  // The page's policy lets it talk to where it comes from only, so it offers no other server.
  const isHere = (server) => new URL(server.url, location.href).origin === location.origin;
  window.ui = SwaggerUIBundle({
    // The page has a title already.
    spec: { ...contract, info: { ...contract.info, title: "" }, servers: contract.servers.filter(isHere) },
    dom_id: "#operations",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "none",
    filter: true,
    validatorUrl: null,
  });
});
