package io.trunkline.log;

/** What an append is recognized by when it comes again: it is written once for each identity. */
public sealed interface AppendIdentity permits ProducerBatch, ProduceKey {}
