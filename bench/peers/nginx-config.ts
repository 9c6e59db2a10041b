import { join } from "node:path";

/** One worker, connections to the agent kept, streams passed on as they come, WebSockets tunnelled. `upstream.conf` names the agent. */
export function renderNginxConfig(folder: string, port: number): string {
  return `daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${join(folder, "nginx.pid")};
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path ${join(folder, "nginx-body")};
  proxy_temp_path ${join(folder, "nginx-proxy")};
  fastcgi_temp_path ${join(folder, "nginx-fastcgi")};
  uwsgi_temp_path ${join(folder, "nginx-uwsgi")};
  scgi_temp_path ${join(folder, "nginx-scgi")};
  client_body_buffer_size 64k;
  proxy_buffers 32 8k;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  include ${join(folder, "upstream.conf")};
  server {
    listen 127.0.0.1:${port} backlog=2048;
    location / {
      proxy_pass http://agent;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_read_timeout 60s;
      location /streams/ { proxy_pass http://agent; proxy_buffering off; proxy_http_version 1.1; proxy_set_header Connection ""; }
    }
  }
}
`;
}

export function renderNginxUpstream(agentPort: number): string {
  return `upstream agent { server 127.0.0.1:${agentPort}; keepalive 64; keepalive_requests 100000000; }\n`;
}
