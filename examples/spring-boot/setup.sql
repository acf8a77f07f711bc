-- What the shop needs in the database of Trunkline. Run once, as the owner of Trunkline's schema:
--   psql … -f setup.sql -c '\password shop'
-- Where trunkline.database.schema names another schema, put its name into the places of "trunkline" below.

BEGIN;

CREATE SCHEMA shop;

CREATE TABLE shop.item (
    name  text PRIMARY KEY,
    stock int NOT NULL CHECK (stock >= 0)
);
INSERT INTO shop.item (name, stock) VALUES ('tea', 1000), ('teapot', 3);

CREATE TABLE shop.customer_order (
    order_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item     text NOT NULL REFERENCES shop.item (name),
    quantity int NOT NULL CHECK (quantity > 0)
);

-- What the shop makes of the events. It would be the same in another database, of another service.
CREATE TABLE shop.shipment (
    order_id bigint PRIMARY KEY,
    item     text NOT NULL,
    quantity int NOT NULL
);

-- How far the shop has followed a topic: the cursor behind the last event, and the number of records up to there.
CREATE TABLE shop.stream_position (
    topic  text PRIMARY KEY,
    cursor text NOT NULL DEFAULT '',
    records bigint NOT NULL DEFAULT 0
);
INSERT INTO shop.stream_position (topic) VALUES ('orders');

SELECT trunkline.create_topic('orders', 3);

-- The role of the shop can do what the shop does, and neither read nor change the log.
CREATE ROLE shop LOGIN;
GRANT USAGE ON SCHEMA shop TO shop;
GRANT SELECT, UPDATE (stock) ON shop.item TO shop;
GRANT SELECT, INSERT ON shop.customer_order, shop.shipment TO shop;
GRANT SELECT, UPDATE (cursor, records) ON shop.stream_position TO shop;
GRANT USAGE ON SCHEMA trunkline TO shop;
GRANT EXECUTE ON FUNCTION trunkline.enqueue(text, text, text, jsonb) TO shop;

-- So that the SQL of the shop has to name no schema.
ALTER ROLE shop SET search_path = shop, trunkline, pg_temp;

COMMIT;
