package com.example.shop;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Orders over HTTP. */
@Path("/orders")
class OrdersResource {
    private static final int UNPROCESSABLE_CONTENT = 422;

    private final Orders orders;

    OrdersResource(Orders orders) {
        this.orders = orders;
    }

    /** Why an order was refused. */
    record Refusal(String detail) {}

    @POST
    public RestResponse<Order> place(NewOrder order) {
        Order placed = orders.place(order);
        return RestResponse.ResponseBuilder.<Order>created(URI.create("/orders/" + placed.id()))
                .entity(placed)
                .build();
    }

    @GET
    @Path("/{id}")
    public Order find(@PathParam("id") long id) {
        return orders.find(id).orElseThrow(NotFoundException::new);
    }

    @ServerExceptionMapper
    Response refuse(OrderRefusedException refusal) {
        return Response.status(UNPROCESSABLE_CONTENT)
                .entity(new Refusal(refusal.getMessage()))
                .build();
    }
}
