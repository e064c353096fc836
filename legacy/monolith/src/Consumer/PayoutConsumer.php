<?php

declare(strict_types=1);

namespace Monolith\Consumer;

use App\Message\PayoutUpdate;
use Monolith\Failure;
use Monolith\Family;
use Monolith\Monolith;
use Monolith\Runtime;
use PhpAmqpLib\Connection\AbstractConnection;
use Symfony\Component\Messenger\Bridge\Amqp\Transport\Connection;
use Symfony\Component\Messenger\Exception\MessageDecodingFailedException;
use Symfony\Component\Messenger\Handler\HandlersLocator;
use Symfony\Component\Messenger\MessageBus;
use Symfony\Component\Messenger\Middleware\HandleMessageMiddleware;
use Symfony\Component\Messenger\Worker;

/**
 * Consumes payouts as a Symfony application does: Messenger's worker, its AMQP transport, its PhpSerializer.
 */
final class PayoutConsumer implements Consumer
{
    private const POLL_US = 20_000;
    private const RETRY_DELAY_US = 200_000;

    private readonly Worker $worker;
    private readonly PayoutReceiver $receiver;
    private readonly Outlets $outlets;
    private bool $stopping = false;

    /** @param AbstractConnection $connection for what leaves; what arrives has Symfony's own */
    public function __construct(
        private readonly AbstractConnection $connection,
        string $amqpUrl,
        private readonly Monolith $monolith,
    ) {
        $this->outlets = new Outlets($monolith, $connection);
        $this->receiver = new PayoutReceiver(self::transport($amqpUrl), $this->outlets->flush(...));
        $this->worker = new Worker([Family::Payout->exchange() => $this->receiver], new MessageBus([
            new HandleMessageMiddleware(new HandlersLocator([PayoutUpdate::class => [$this->handle(...)]])),
        ]));
    }

    /** The transport's configuration, as config/packages/messenger.yaml would have it. */
    public static function transport(string $amqpUrl): Connection
    {
        return Connection::fromDsn($amqpUrl, [
            'exchange' => ['name' => Family::Payout->exchange(), 'type' => 'fanout'],
            'queues' => [Family::Payout->queue() => []],
            'confirm_timeout' => '10',
        ]);
    }

    public function run(): void
    {
        while (!$this->stopping) {
            try {
                $this->worker->run(['sleep' => self::POLL_US]);
            } catch (MessageDecodingFailedException) {
                // The receiver has rejected it. It has no id that could be read, so there is no outcome either.
                Runtime::log('payout: rejected, MessageDecodingFailedException');
            }
        }
        $this->outlets->flush();
        $this->connection->close();
    }

    public function stop(): void
    {
        $this->stopping = true;
        $this->worker->stop();
    }

    private function handle(PayoutUpdate $payout): void
    {
        try {
            $this->monolith->receivePayout($payout);
        } catch (\Throwable $thrown) {
            $final = Failure::isFinal($thrown);
            Runtime::log(sprintf('payout: %s, %s', $final ? 'rejected' : 'retried', $thrown::class));
            if (!$final) {
                usleep(self::RETRY_DELAY_US);
            }
            $this->receiver->failed($thrown);
            throw $thrown;
        } finally {
            $this->outlets->handled();
        }
    }
}
