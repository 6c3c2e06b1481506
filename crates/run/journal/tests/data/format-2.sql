PRAGMA application_id = 1464093779;
PRAGMA user_version = 2;
CREATE TABLE deploys (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL,
  application TEXT NOT NULL,
  stage       TEXT NOT NULL,
  started     INTEGER NOT NULL,
  changed     INTEGER NOT NULL,
  standing    TEXT NOT NULL,
  digest      TEXT NOT NULL,
  written_by  TEXT NOT NULL,
  subject     TEXT NOT NULL
);
INSERT INTO deploys (number, id, kind, application, stage, started, changed, standing, digest, written_by, subject) VALUES (1, 'd-aaa', 'deploy', 'shop', 'production', 1000, 2000, 'undone', '9c1e77', '0.1.0', '{"subject":"deploy","plan":{"format":1,"deploy":"d-aaa","kind":"deploy","application":"shop","stage":"production","release":"20261124081502","revision":null,"branch":null,"subject":null,"reason":null,"hosts":[{"target":{"name":"web1","address":"web1","port":null,"user":null,"roles":[],"primary":[],"release":true,"deploy_to":"/srv/shop"},"root":"/srv/shop","root_id":"id","boot_id":"boot","fence":7,"user_manager":false,"previous_target":null,"previous":null,"previous_revision":null,"unlock":{"script":"unlock","shell":[],"dir":null,"env":{},"path":[],"secrets":[],"umask":null,"pty":false,"sudo":null,"when":null,"timeout":null,"idle_timeout":null,"forward_agent":false}}],"steps":[{"id":"build@web1","task":"build","phase":"updated","host":"web1","action":{"action":"command","command":{"script":"true","shell":[],"dir":null,"env":{},"path":[],"secrets":[],"umask":null,"pty":false,"sudo":null,"when":null,"timeout":null,"idle_timeout":null,"forward_agent":false}},"undo":{"undo":"none","reason":"nothing stays"},"barrier":false,"retries":0,"repeatable":false,"advisory":false,"show":"true"},{"id":"publish@web1","task":"publish","phase":"updated","host":"web1","action":{"action":"command","command":{"script":"true","shell":[],"dir":null,"env":{},"path":[],"secrets":[],"umask":null,"pty":false,"sudo":null,"when":null,"timeout":null,"idle_timeout":null,"forward_agent":false}},"undo":{"undo":"none","reason":"nothing stays"},"barrier":false,"retries":0,"repeatable":false,"advisory":false,"show":"true"}],"limits":{"pulse_interval":{"secs":10,"nanos":0},"kill_after":{"secs":10,"nanos":0},"output_limit":268435456}}}');
CREATE INDEX deploys_by_stage ON deploys (stage, number);
CREATE TABLE records (
  deploy INTEGER NOT NULL REFERENCES deploys (number),
  seq    INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  body   TEXT NOT NULL,
  PRIMARY KEY (deploy, seq)
) WITHOUT ROWID;
INSERT INTO records (deploy, seq, at, body) VALUES (1, 0, 2000, '{"record":"intent","step":"build@web1","attempt":1,"job":{"deploy":"d-aaa","step":"build@web1","host":"web1","attempt":1}}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 1, 2000, '{"record":"parked"}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 2, 2000, '{"record":"resumed"}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 3, 2000, '{"record":"taken_over","fences":{"web1":8}}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 4, 2000, '{"record":"not_reached","step":"build@web1","attempt":1}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 5, 2000, '{"record":"intent","step":"build@web1","attempt":2,"job":{"deploy":"d-aaa","step":"build@web1","host":"web1","attempt":2}}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 6, 2000, '{"record":"outcome","step":"build@web1","attempt":2,"outcome":{"outcome":"failed","end":{"exited":1}},"duration":{"secs":1,"nanos":500000000}}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 7, 2000, '{"record":"decision","decision":"publish"}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 8, 2000, '{"record":"cancel_requested"}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 9, 2000, '{"record":"decision","decision":"undo","reason":"build on web1: exit status 1","failed":"build@web1","cancelled":false}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 10, 2000, '{"record":"undo_intent","step":"build@web1","attempt":1,"job":{"deploy":"d-aaa","step":"undo.build@web1","host":"web1","attempt":1}}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 11, 2000, '{"record":"undo_outcome","step":"build@web1","attempt":1,"outcome":{"outcome":"succeeded"},"duration":{"secs":0,"nanos":0}}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 12, 2000, '{"record":"undo_intent","step":"unlock@web1","attempt":1,"job":{"deploy":"d-aaa","step":"undo.unlock@web1","host":"web1","attempt":1}}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 13, 2000, '{"record":"undo_outcome","step":"unlock@web1","attempt":1,"outcome":{"outcome":"succeeded"},"duration":{"secs":0,"nanos":0}}');
INSERT INTO records (deploy, seq, at, body) VALUES (1, 14, 2000, '{"record":"ended","end":"undone"}');
CREATE TABLE cancel_requests (
  deploy INTEGER PRIMARY KEY REFERENCES deploys (number),
  at     INTEGER NOT NULL
);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('written_by', '0.1.0');
