<?php

declare(strict_types=1);

namespace Monolith;

/**
 * The one place that reads the environment.
 */
final class Settings
{
    private function __construct(
        public readonly string $dsn,
        public readonly string $amqpUrl,
        public readonly string $webhookSecret,
    ) {
    }

    public static function fromEnvironment(): self
    {
        return new self(
            getenv('MONOLITH_DSN') ?: 'sqlite:' . dirname(__DIR__) . '/var/monolith.sqlite',
            getenv('AMQP_URL') ?: 'amqp://guest:guest@127.0.0.1:5672/',
            getenv('WEBHOOK_SECRET') ?: 'only-for-development',
        );
    }
}
